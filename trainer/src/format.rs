//! Which format a file is in, by its first bytes.
//!
//! The site's own tables are CSV with named columns; other programs' files are named, so that a message can say what a file is and how to bring it in.

use std::fmt;

/// Bytes of a file that tell its format: TOA5, RDB and the other headers are far shorter.
pub const FIRST_BYTES: usize = 1 << 14;

/// A file format that is not the project's own CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Campbell Scientific's table of a data logger.
    Toa5,
    /// A tab-separated table of the USGS water services.
    Rdb,
    /// JSON of the USGS water services (WaterML 1 as JSON).
    NwisJson,
    /// GeoJSON of the USGS water data API (OGC API Features).
    OgcGeoJson,
    /// CSV of the USGS water data API (OGC API Features).
    OgcCsv,
    /// Daily positions of a GNSS station (Nevada Geodetic Laboratory).
    Tenv3,
    /// XML of Solinst Leveloggers.
    SolinstXle,
    /// CSV that Solinst's software exports.
    SolinstCsv,
    /// Text file of Van Essen Divers.
    VanEssenMon,
    /// CSV of In-Situ loggers.
    InSituCsv,
    /// Export of DINOloket, the Dutch archive of groundwater levels.
    Dino,
    /// Displacements of ps points: EGMS level 2a, 2b or 3, `MintPy`, `LiCSBAS`, QGIS InSAR Explorer.
    InSarCsv,
    /// Text in two-byte characters.
    Utf16,
    /// Text whose lines end with carriage returns alone.
    CarriageReturns,
    /// `NetCDF` or HDF5.
    Hdf5,
    /// A spreadsheet of Excel or LibreOffice.
    Spreadsheet,
    /// Compressed.
    Compressed,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Toa5 => "a Campbell TOA5 file",
            Self::Rdb => "a USGS RDB file",
            Self::NwisJson => "JSON of the USGS water services",
            Self::OgcGeoJson => "GeoJSON of the USGS water data API",
            Self::OgcCsv => "CSV of the USGS water data API",
            Self::Tenv3 => "a GNSS tenv3 file",
            Self::SolinstXle => "a Solinst XLE file",
            Self::SolinstCsv => "a CSV of Solinst's software",
            Self::VanEssenMon => "a Van Essen MON file",
            Self::InSituCsv => "a CSV of an In-Situ logger",
            Self::Dino => "a DINOloket file",
            Self::InSarCsv => "a table of InSAR points",
            Self::Utf16 => "UTF-16 text",
            Self::CarriageReturns => "text whose lines end with carriage returns alone",
            Self::Hdf5 => "a NetCDF or HDF5 file",
            Self::Spreadsheet => "a spreadsheet",
            Self::Compressed => "a compressed file",
        })
    }
}

impl Format {
    /// The format that a file begins with; `None` for the project's own CSV and for anything unknown.
    pub fn of(first: &[u8]) -> Option<Self> {
        Self::of_bytes(first).or_else(|| {
            let text = String::from_utf8_lossy(first);
            Self::of_text(text.trim_start_matches('\u{feff}'))
        })
    }

    fn of_bytes(first: &[u8]) -> Option<Self> {
        let starts = |magic: &[u8]| first.starts_with(magic);
        if starts(b"\xff\xfe") || starts(b"\xfe\xff") {
            Some(Self::Utf16)
        } else if starts(b"\x89HDF\r\n\x1a\n") || starts(b"CDF\x01") || starts(b"CDF\x02") {
            Some(Self::Hdf5)
        } else if starts(b"PK\x03\x04") {
            let holds = |part: &[u8]| first.windows(part.len()).any(|window| window == part);
            let spreadsheet = holds(b"[Content_Types]") || holds(b"opendocument.spreadsheet");
            Some(if spreadsheet {
                Self::Spreadsheet
            } else {
                Self::Compressed
            })
        } else if starts(b"\xd0\xcf\x11\xe0") {
            Some(Self::Spreadsheet)
        } else if starts(b"\x1f\x8b") {
            Some(Self::Compressed)
        } else {
            None
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        if !text.contains('\n') && text.matches('\r').count() > 1 {
            return Some(Self::CarriageReturns);
        }
        let text = text.trim_start();
        let first = text.lines().next().unwrap_or_default();
        let lower = first.to_ascii_lowercase();
        if first.starts_with("\"TOA5\"") || first.starts_with("TOA5,") {
            Some(Self::Toa5)
        } else if text.starts_with('{') {
            Self::of_json(text)
        } else if text.starts_with("<?xml") || text.starts_with("<Body_xle") {
            text.contains("Body_xle").then_some(Self::SolinstXle)
        } else if is_rdb(text) {
            Some(Self::Rdb)
        } else if first.starts_with("site YYMMMDD yyyy.yyyy") {
            Some(Self::Tenv3)
        } else if first.starts_with("Titel:") || first.contains("Peildatum") {
            Some(Self::Dino)
        } else if lower.starts_with("data file for datalogger") {
            Some(Self::VanEssenMon)
        } else if lower.starts_with("serial_number")
            && text.lines().any(|line| line.starts_with("Date,Time,"))
        {
            Some(Self::SolinstCsv)
        } else if lower.starts_with("report date:") || lower.contains("log data:") {
            Some(Self::InSituCsv)
        } else {
            Self::of_header(first)
        }
    }

    fn of_json(text: &str) -> Option<Self> {
        let holds = |name: &str| text.contains(name);
        if holds("\"FeatureCollection\"") {
            Some(Self::OgcGeoJson)
        } else if holds("ns1:timeSeriesResponseType") || holds("\"timeSeries\"") {
            Some(Self::NwisJson)
        } else {
            None
        }
    }

    /// A CSV that is told by its column names.
    fn of_header(header: &str) -> Option<Self> {
        let columns: Vec<&str> = header
            .split(',')
            .map(|name| name.trim().trim_matches('"'))
            .collect();
        let has = |name: &str| columns.contains(&name);
        if has("monitoring_location_id") && has("parameter_code") && has("value") {
            return Some(Self::OgcCsv);
        }
        let scenes = columns.iter().filter(|name| scene_digits(name).is_some());
        (scenes.count() >= 2).then_some(Self::InSarCsv)
    }
}

/// The eight digits of a column that is a scene: `20150203` or `D20150203`, as InSAR programs name them.
pub fn scene_digits(name: &str) -> Option<&str> {
    let digits = name
        .strip_prefix('D')
        .or_else(|| name.strip_prefix('d'))
        .unwrap_or(name);
    (digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Comment lines, then tab-separated names, then their widths such as `5s`.
fn is_rdb(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.starts_with('#'));
    let (Some(names), Some(widths)) = (lines.next(), lines.next()) else {
        return false;
    };
    let is_width = |field: &str| {
        let digits = field.trim_end_matches(['s', 'd', 'n']);
        digits.len() + 1 == field.len() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    names.contains('\t') && widths.split('\t').all(|field| is_width(field.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_known_by_their_first_bytes() {
        for (text, format) in [
            ("\"TOA5\",\"PZ\",\"CR1000X\"\r\n", Format::Toa5),
            ("#\n# comment\nagency_cd\tsite_no\n5s\t15s\n", Format::Rdb),
            ("site YYMMMDD yyyy.yyyy __MJD\n", Format::Tenv3),
            ("Titel:,,,,\n", Format::Dino),
            ("a,b\r1,2\r3,4\r", Format::CarriageReturns),
            ("{\"type\":\"FeatureCollection\"}", Format::OgcGeoJson),
            (
                "{\"name\":\"ns1:timeSeriesResponseType\"}",
                Format::NwisJson,
            ),
            ("<?xml version=\"1.0\"?>\n<Body_xle>", Format::SolinstXle),
            (
                "pid,latitude,longitude,20150101,20150113\n",
                Format::InSarCsv,
            ),
            (
                "\u{feff}\"pid\",\"D20150101\",\"D20150113\"\n",
                Format::InSarCsv,
            ),
        ] {
            assert_eq!(Format::of(text.as_bytes()), Some(format), "{text}");
        }
        assert_eq!(Format::of(b"\xff\xfew\x00"), Some(Format::Utf16));
        assert_eq!(Format::of(b"\x89HDF\r\n\x1a\n"), Some(Format::Hdf5));
    }

    #[test]
    fn tables_of_a_site_are_not_foreign() {
        for text in [
            "well,layer,date,level_m\nA,u,2010-01-01,1\n",
            "# note\nwell,name\n",
            "",
            "{",
        ] {
            assert_eq!(Format::of(text.as_bytes()), None, "{text}");
        }
    }
}
