use super::*;

fn table(text: &str) -> Result<Table<&[u8]>, TableError> {
    Table::new(text.as_bytes(), Path::new("levels.csv"), "well,level_m")
}

fn levels(text: &str) -> Result<Vec<(String, Option<f64>, u64)>, TableError> {
    let mut table = table(text)?;
    let (well, level) = (table.column("well")?, table.column("level_m")?);
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        rows.push((
            row.name(well)?.into_owned(),
            row.measurement(level, &Conventions::default(), "metres or an empty field")?
                .value(),
            row.place().line,
        ));
    }
    Ok(rows)
}

fn message(text: &str) -> String {
    levels(text).unwrap_err().to_string()
}

#[test]
fn what_spreadsheets_write_reads_like_the_plain_file() {
    let plain = levels("well,level_m\nA,1.5\nB,\n").unwrap();
    assert_eq!(
        plain,
        [("A".to_owned(), Some(1.5), 2), ("B".to_owned(), None, 3)]
    );
    let lines = |text| {
        levels(text)
            .unwrap()
            .iter()
            .map(|row| row.2)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines("well,level_m\r\n\r\n\r\nA,1\r\n\n\n\"A\nB\",2\nC,3"),
        [4, 7, 9]
    );
    assert_eq!(
        levels("\u{feff}well,level_m\r\nA,1.5\r\nB,\r\n").unwrap(),
        plain
    );
    assert_eq!(
        levels("\"level_m\",\"note\",\"well\"\n\"1.5\",\"a, b\",\"A\"\n,\"\",B").unwrap(),
        plain
    );
    assert_eq!(levels(" well , level_m\n A , 1.5\n B ,\n").unwrap(), plain);
}

#[test]
fn rows_read_again_are_the_same_and_keep_their_lines() {
    let text = "well,level_m\r\n\r\nA,1\r\n\n\"A\",2\nB,3\n\n\"A\nA\",4\nA,5\nA,x";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut table = Table::open(file.path(), "").unwrap();
    let well = table.column("well").unwrap();
    let mut rows = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        if row.name(well).unwrap() == "B" {
            continue;
        }
        rows.push((format!("{:?}", row.fields), row.line()));
        let next = row.section();
        if !sections.last_mut().is_some_and(|last| last.join(&next)) {
            sections.push(next);
        }
    }
    assert_eq!(sections.len(), 2, "before B and after it");
    let opened = File::open(file.path()).unwrap();
    let mut again = Vec::new();
    for section in &sections {
        let mut part = table.again(&opened, section).unwrap();
        while let Some(row) = part.next_row().unwrap() {
            again.push((format!("{:?}", row.fields), row.line()));
        }
    }
    assert_eq!(again, rows);
    let lines: Vec<u64> = rows.iter().map(|row| row.1).collect();
    assert_eq!(lines, [3, 5, 8, 10, 11]);
}

#[test]
fn a_bad_number_is_refused_with_line_and_column() {
    let expected = "levels.csv:3: level_m: found \"n/a\", expected metres or an empty field";
    assert_eq!(message("well,level_m\nA,1\nA,n/a\n"), expected);
    for bad in ["inf", "-infinity", "1,5", "1.5 m", "1e999"] {
        let text = format!("well,level_m\nA,\"{bad}\"\n");
        assert_eq!(
            message(&text),
            format!("levels.csv:2: level_m: found \"{bad}\", expected metres or an empty field")
        );
    }
}

#[test]
fn a_missing_column_is_named_beside_those_that_are_there() {
    assert_eq!(
        message("well,level\nA,1\n"),
        "levels.csv:1: no column level_m, found well, level"
    );
    assert_eq!(
        message("well;level_m\nA;1\n"),
        "levels.csv:1: no column well, found well;level_m; columns must be separated by commas"
    );
    assert_eq!(
        message("well,level_m,well\nA,1,B\n"),
        "levels.csv:1: two columns well; remove or rename one"
    );
}

#[test]
fn an_empty_file_and_a_ragged_row_are_refused() {
    for empty in ["", "\n\n", "\u{feff}", "\r\n", ",,\n"] {
        assert_eq!(
            message(empty),
            "levels.csv: the file is empty, expected the columns well,level_m"
        );
    }
    assert_eq!(
        message("well,level_m\nA,1,2\n"),
        "levels.csv:2: found 3 fields, expected 2 as in the first line; quote a field that contains a comma"
    );
    assert_eq!(levels("well,level_m\n").unwrap(), []);
}

#[test]
fn other_encodings_are_refused() {
    let mut table = Table::new(
        &b"well,level_m\nM\xfcnchen,1\n"[..],
        Path::new("levels.csv"),
        "",
    )
    .unwrap();
    let well = table.column("well").unwrap();
    let row = table.next_row().unwrap().unwrap();
    assert_eq!(
        row.name(well).unwrap_err().to_string(),
        "levels.csv:2: not UTF-8 text; save the file as CSV UTF-8"
    );
}

#[test]
fn a_quote_without_its_partner_is_refused_where_it_stands() {
    let quote = |line: u64| {
        format!(
            "levels.csv:{line}: a quote without its partner; close the quoted field or remove the quote"
        )
    };
    // It swallows the rest of the file, whole rows up to the next quote, or is followed by text.
    assert_eq!(message("well,level_m\nA,1\nA,\"2\nA,3\n"), quote(3));
    assert_eq!(message("well,level_m\nA,\"1\nA,2\nA,3\"\nA,4\n"), quote(2));
    assert_eq!(message("well,level_m\nA,1\n\"A\"x,2\n"), quote(3));
    assert_eq!(message("well,level_m\n\"A"), quote(2));
    // An inch mark within a field is text.
    assert_eq!(
        levels("well,level_m\n4\" casing,1\n").unwrap()[0].0,
        "4\" casing"
    );
}

#[test]
fn empty_rows_of_a_spreadsheet_are_passed_over_and_units_named() {
    assert_eq!(levels("well,level_m\n,\nA,1\n , \n").unwrap().len(), 1);
    for units in [",m", "[-],[m]", "text,metres"] {
        assert_eq!(
            message(&format!("well,level_m\n{units}\nA,1\n")),
            "levels.csv:2: found a row of units; remove it, units stand in the column names"
        );
    }
    assert!(message("well,level_m\n,1\n").contains("well: found \"\", expected a name"));
}

#[test]
fn files_of_other_programs_are_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (bytes, expected) in [
        (
            &b"a,b\r1,2\r3,4\r"[..],
            "found text whose lines end with carriage returns alone, expected CSV with the columns well; save it with the line ends of Unix or Windows",
        ),
        (
            b"\"TOA5\",\"PZ\"\r\n",
            "found a Campbell TOA5 file, expected CSV with the columns well; bring it in by `amlstm import`",
        ),
        (
            b"\xff\xfew\0",
            "found UTF-16 text, expected CSV with the columns well; save it as CSV UTF-8",
        ),
    ] {
        std::fs::write(file.path(), bytes).unwrap();
        let error = Table::open(file.path(), "well").err().unwrap().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}
