//! Campbell Scientific's TOA5: four header lines (environment, names, units, processing), CRLF, text quoted.

use std::io::{self, Write};

use super::column::Column;
use super::download::{Download, Table};

/// Writes a table.
pub fn write(
    download: &Download,
    table: Table,
    columns: &[Column],
    rows: &[Vec<String>],
    mut out: impl Write,
) -> io::Result<()> {
    let [major, minor, patch] = download.firmware;
    let environment = [
        "TOA5",
        &download.status.station,
        "amlstm",
        &download.serial.to_string(),
        &format!("amlstm-firmware.{major}.{minor}.{patch}"),
        if download.status.synthetic {
            "SYNTHETIC levels"
        } else {
            "measured levels"
        },
        "",
        match table {
            Table::Samples => "samples",
            Table::Months => "months",
        },
    ];
    let names = columns.iter().map(|column| match column.name.as_str() {
        "timestamp" => "TIMESTAMP",
        "record" => "RECORD",
        other => other,
    });
    let units = columns.iter().map(|column| match column.name.as_str() {
        "timestamp" => "TS",
        _ => column.unit.as_str(),
    });
    let processing = columns.iter().map(|column| column.processing);
    write_line(environment.into_iter().map(quoted), &mut out)?;
    write_line(names.map(quoted), &mut out)?;
    write_line(units.map(quoted), &mut out)?;
    write_line(processing.map(quoted), &mut out)?;
    for row in rows {
        let cells =
            row.iter()
                .zip(columns)
                .map(|(cell, column)| match (column.is_number, cell.as_str()) {
                    (true, "") => quoted("NAN"),
                    (true, number) => number.to_owned(),
                    (false, text) => quoted(text),
                });
        write_line(cells, &mut out)?;
    }
    Ok(())
}

fn write_line(cells: impl Iterator<Item = String>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}\r\n", cells.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
