//! RDB, the tab-separated tables of the USGS water services.
//!
//! Layout: <https://pubs.usgs.gov/of/2003/ofr03123/6.4rdb_format.pdf>; columns of field measurements:
//! <https://waterservices.usgs.gov/docs/groundwater-levels/>, of daily and instantaneous values: columns `<series>_<parameter>[_<statistic>]` with their
//! flags in `..._cd`.

use super::usgs::{self, Sites, Value};
use super::{ImportError, Imported, Options, Stamp, text::Text, text::number};

/// Minutes ahead of UTC of the time zones that the services write.
const ZONES: [(&str, i32); 16] = [
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("AST", -240),
    ("ADT", -180),
    ("ChST", 600),
];

/// Columns of one table in the file.
struct Columns<'a> {
    names: Vec<&'a str>,
    /// Columns of values with their parameter and statistic; empty for field measurements.
    series: Vec<(usize, &'a str, &'a str)>,
}

impl<'a> Columns<'a> {
    fn new(line: &'a str) -> Self {
        let names: Vec<&str> = line.split('\t').map(str::trim).collect();
        let mut series = Vec::new();
        for (column, name) in names.iter().enumerate() {
            let mut parts = name.split('_');
            let is_series = parts
                .next()
                .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
            let (Some(parameter), statistic) = (parts.next(), parts.next().unwrap_or_default())
            else {
                continue;
            };
            if is_series && !name.ends_with("_cd") && usgs::is_level(parameter) {
                series.push((column, parameter, statistic));
            }
        }
        Self { names, series }
    }

    fn get<'l>(&self, cells: &[&'l str], name: &str) -> &'l str {
        let column = self.names.iter().position(|known| *known == name);
        column
            .and_then(|column| cells.get(column))
            .map_or("", |cell| cell.trim())
    }
}

/// Reads every table of a file.
pub(super) fn read(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut columns: Option<Columns> = None;
    let mut widths_follow = false;
    let mut sites = Sites::default();
    for (number, line) in text.lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            columns = columns.filter(|_| line.trim().is_empty());
            continue;
        }
        let Some(known) = &columns else {
            columns = Some(Columns::new(line));
            widths_follow = true;
            continue;
        };
        if widths_follow {
            widths_follow = false;
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        if cells.len() != known.names.len() {
            let expected = format!("{} fields between tabs", known.names.len());
            return Err(text.malformed(number, line, expected));
        }
        row(text, number, known, &cells, (&mut sites, &mut imported))?;
    }
    sites.take(&mut imported, options);
    Ok(imported)
}

fn row(
    text: &Text,
    line: u64,
    columns: &Columns,
    cells: &[&str],
    (sites, imported): (&mut Sites, &mut Imported),
) -> Result<(), ImportError> {
    let get = |name: &str| columns.get(cells, name);
    let site = get("site_no");
    let zone = |name: &str| ZONES.iter().find(|zone| zone.0 == name).map(|zone| zone.1);
    let value = |cell: &str| {
        // Services write words such as Ice, Eqp and *** in place of a value.
        number(cell).unwrap_or_default()
    };
    let stamp = |written: &str, zone: Option<i32>| {
        let stamp = Stamp::iso(written);
        stamp
            .map(|stamp| Stamp {
                offset_minutes: zone,
                ..stamp
            })
            .ok_or_else(|| text.malformed(line, written, "a date such as 2012-01-15"))
    };
    for (sensor, (column, parameter, statistic)) in columns.series.iter().enumerate() {
        let flag = columns.names[*column].to_owned() + "_cd";
        let value = Value {
            site,
            parameter,
            statistic,
            sensor,
            stamp: stamp(get("datetime"), zone(get("tz_cd")))?,
            number: value(cells[*column]),
            approval: get(&flag),
        };
        sites.add(&value, imported);
    }
    if !columns.series.is_empty() {
        return Ok(());
    }
    let date = get("lev_dt");
    if date.is_empty() {
        imported.leave_out("without a level or a date");
        return Ok(());
    }
    // Days that are known to the month or year only.
    if date.len() < 10 {
        imported.leave_out("with a date of month or year only");
        return Ok(());
    }
    let clock = get("lev_tm");
    let (written, zone) = if clock.is_empty() {
        (date.to_owned(), None)
    } else {
        (
            format!("{date} {clock}"),
            zone(match get("lev_tz_cd") {
                "" => get("lev_tz_cd_rdb"),
                name => name,
            }),
        )
    };
    let (parameter, cell) = match (get("parameter_cd"), get("lev_va"), get("sl_lev_va")) {
        (_, "", "") => {
            imported.leave_out("without a value");
            return Ok(());
        }
        ("", "", level) => ("62611", level),
        ("", depth, _) => ("72019", depth),
        (code, "", level) => (code, level),
        (code, depth, _) => (code, depth),
    };
    let approval = match get("lev_age_cd") {
        "" => get("approval_status"),
        flag => flag,
    };
    let value = Value {
        site,
        parameter,
        statistic: "",
        sensor: 0,
        stamp: stamp(&written, zone)?,
        number: value(cell),
        approval,
    };
    sites.add(&value, imported);
    Ok(())
}
