//! A table of figures as CSV (RFC 4180, UTF-8): what a spreadsheet opens without running anything.

/// Lines of text under headings. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn write(headings: &[String], lines: &[Vec<String>]) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let all = std::iter::once(headings).chain(lines.iter().map(Vec::as_slice));
    for line in all {
        // Writing to memory does not fail, and a line of another length would only be a line of another length.
        let _ = out.write_record(line.iter().map(|cell| neutral(cell)));
    }
    out.into_inner().unwrap_or_default()
}

fn neutral(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula && !is_number { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_commas_quoted() {
        let line = ["=1+1", "-2", "@SUM(A1)", "+33", "a,b", "12.5"].map(str::to_owned).to_vec();
        let text = String::from_utf8(write(&["é".to_owned()], &[])).unwrap();
        assert_eq!(text, "é\r\n");
        let text = String::from_utf8(write(&line.clone(), &[line])).unwrap();
        assert_eq!(text.lines().last().unwrap(), "'=1+1,-2,'@SUM(A1),+33,\"a,b\",12.5");
    }
}
