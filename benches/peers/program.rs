//! Programs that run while the bench does: each holds the end of a pipe whose other end is ours, so that it stops with
//! us, however we end.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub struct Program(Child);

/// `read` ends when this process does; then the program is told to stop, and waited for.
const SCRIPT: &str = r#"log="$1"; stop="$2"; shift 2; "$@" >"$log" 2>&1 & program=$!
    read line; kill "-$stop" $program; wait $program"#;

impl Program {
    /// Runs a program with its words. PostgreSQL runs as the user `postgres`, because it refuses to run as root, and is
    /// told to stop without waiting for those who ask.
    pub fn start(program: &Path, words: &[String], log: &Path, is_postgres: bool) -> Self {
        let mut shell = command(Path::new("/bin/sh"), is_postgres);
        let stop = if is_postgres { "INT" } else { "TERM" };
        shell.args(["-c", SCRIPT, "sh"]).arg(log).arg(stop).arg(program).args(words);
        Self(shell.current_dir("/").stdin(Stdio::piped()).spawn().expect("the program starts"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

pub fn command(program: &Path, as_postgres: bool) -> Command {
    if as_postgres && is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        return command;
    }
    Command::new(program)
}
