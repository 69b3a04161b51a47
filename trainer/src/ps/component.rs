//! Which component of the ground's movement a points file shows.

use std::path::Path;

/// Component of the movement that the values of a points file show, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Up positive: EGMS level 3, `..._U.csv`.
    Vertical,
    /// East positive: EGMS level 3, `..._E.csv`.
    EastWest,
    /// Along the line of sight, towards the satellite positive: EGMS levels 2a and 2b.
    LineOfSight,
}

impl Component {
    /// Reads the original name of an EGMS file of any release: `EGMS_L3_E32N34_100km_U_2019_2023_1.csv`, `EGMS_L2b_088_0297_IW2_VV.csv`.
    pub fn of_egms_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_uppercase();
        let stem = name.strip_suffix(".CSV")?;
        let mut parts = stem.split(['_', '-', ' ']);
        parts.find(|part| *part == "EGMS")?;
        match parts.next()? {
            "L2A" | "L2B" => Some(Self::LineOfSight),
            "L3" => parts.find_map(|part| match part {
                "U" => Some(Self::Vertical),
                "E" => Some(Self::EastWest),
                _ => None,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_egms_files_tell_the_component() {
        // Names as the EGMS Explorer gives them (Product Description and Format Specification, EGMS-D10).
        for (name, component) in [
            ("EGMS_L3_E32N34_100km_U.csv", Some(Component::Vertical)),
            ("EGMS_L3_E32N34_100km_E.csv", Some(Component::EastWest)),
            (
                "site/EGMS_L3_E32N34_100km_U_2019_2023_1.csv",
                Some(Component::Vertical),
            ),
            ("EGMS_L2b_088_0297_IW2_VV.csv", Some(Component::LineOfSight)),
            (
                "EGMS_L2a_088_0297_IW2_VV_2018_2022_1.csv",
                Some(Component::LineOfSight),
            ),
            ("EGMS_L3_E32N34_100km_U.tiff", None),
            ("EGMS_L3_E32N34_100km.csv", None),
            ("points.csv", None),
        ] {
            assert_eq!(
                Component::of_egms_name(Path::new(name)),
                component,
                "{name}"
            );
        }
    }
}
