//! `tenv3`, the daily positions of a GNSS station of the Nevada Geodetic Laboratory: <http://geodesy.unr.edu/gps_timeseries/README_tenv3.txt>.

use jiff::civil::Date;

use super::{ImportError, Imported, Stamp, text::Text};

/// A change of the height from one day to the next that is listed as a step, mm: a few times the noise of a daily height.
const STEP_MM: f64 = 30.0;

/// Most steps that are listed.
const LISTED_STEPS: usize = 10;

/// Reads the height: metres up become mm of subsidence since the first day.
pub(super) fn read(text: &Text) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut lines = text.lines().filter(|(_, line)| !line.trim().is_empty());
    let names: Vec<String> = lines
        .next()
        .map_or("", |(_, line)| line)
        .split_whitespace()
        .map(|name| name.trim_matches('_').to_owned())
        .collect();
    let column = |name: &str| {
        names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| ImportError::Column {
                path: text.path().to_owned(),
                what: format!("no column {name}"),
                found: crate::table::listed(&names),
            })
    };
    let (date, whole, part) = (column("YYMMMDD")?, column("u0(m)")?, column("up(m)")?);
    let antenna = column("ant(m)").ok();
    let place = column("latitude(deg)")
        .ok()
        .zip(column("longitude(deg)").ok());
    let mut first_up_mm = None;
    let mut before: Option<(f64, f64)> = None;
    let mut steps = Vec::new();
    for (line, row) in lines {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let cell = |column: usize| cells.get(column).copied().unwrap_or_default();
        let number = |column: usize, what: &str| {
            let number = cell(column).parse::<f64>().ok();
            number
                .filter(|number| number.is_finite())
                .ok_or_else(|| text.malformed(line, cell(column), what))
        };
        let day = parse_date(cell(date))
            .ok_or_else(|| text.malformed(line, cell(date), "a date such as 12JAN15"))?;
        // The parts are added in mm, so that tenths are not lost beside kilometres.
        let up_mm = number(whole, "metres")? * 1000.0 + number(part, "metres")? * 1000.0;
        let antenna_m = antenna.map(|column| number(column, "metres")).transpose()?;
        if let Some((last_mm, last_antenna_m)) = before {
            let antenna_changed = antenna_m.is_some_and(|antenna_m| antenna_m != last_antenna_m);
            if antenna_changed || (up_mm - last_mm).abs() > STEP_MM {
                let why = if antenna_changed {
                    ", another antenna height"
                } else {
                    ""
                };
                steps.push(format!("{day} {:+.0} mm{why}", up_mm - last_mm));
            }
        }
        before = Some((up_mm, antenna_m.unwrap_or(0.0)));
        let first = *first_up_mm.get_or_insert(up_mm);
        imported.subsidence.push((Stamp::from(day), first - up_mm));
        if let Some((latitude, longitude)) = place {
            let east = number(longitude, "degrees")?;
            let east = (east + 180.0).rem_euclid(360.0) - 180.0;
            let north = number(latitude, "degrees")?;
            imported.set_place(east, north);
        }
    }
    imported.convert("heights in m, up positive, to mm of subsidence since the first day");
    if !steps.is_empty() {
        let more = match steps.len().saturating_sub(LISTED_STEPS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        steps.truncate(LISTED_STEPS);
        imported.convert(format!("steps that stay in: {}{more}", steps.join("; ")));
    }
    Ok(imported)
}

/// `12JAN15`: year, month, day; years from 80 on are of the last century.
fn parse_date(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let (year, rest) = text.split_at_checked(2)?;
    let (month, day) = rest.split_at_checked(3)?;
    let year: i16 = year.parse().ok()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let century = if year >= 80 { 1900 } else { 2000 };
    Date::new(century + year, month as i8 + 1, day.parse().ok()?).ok()
}
