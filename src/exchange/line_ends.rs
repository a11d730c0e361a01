//! Lines of a CSV as an editor counts them, while it is read. The reader's own count is one short where lines end with
//! CR LF, and where lines are blank.

use std::collections::VecDeque;
use std::io::Read;

/// Passes bytes on, and remembers where lines end until nobody can ask for them any more.
pub struct LineEnds<R> {
    input: R,
    offset: u64,
    /// Where the bytes of line ends are, and whether they begin a line.
    ends: VecDeque<(u64, bool)>,
    line: u64,
}

impl<R> LineEnds<R> {
    /// `line` is the number of the first.
    pub fn new(input: R, line: u64) -> Self {
        Self { input, offset: 0, ends: VecDeque::new(), line }
    }

    /// The line of the row that begins at a byte, or after the ends of lines that are there. Bytes only go forward.
    pub fn line_at(&mut self, byte: u64) -> u64 {
        let mut next = byte;
        while let Some((at, is_line_feed)) = self.ends.front().copied().filter(|(at, _)| *at <= next) {
            self.ends.pop_front();
            self.line += u64::from(is_line_feed);
            if at == next {
                next += 1;
            }
        }
        self.line
    }
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            let is_line_feed = bytes.get(at) == Some(&b'\n');
            self.ends.push_back((self.offset + at as u64, is_line_feed));
        }
        self.offset += read as u64;
        Ok(read)
    }
}
