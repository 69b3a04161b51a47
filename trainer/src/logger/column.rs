//! A column of an exported table.

/// A column: name, unit, processing (TOA5's word for how a value came about).
pub struct Column {
    pub name: String,
    pub unit: String,
    pub processing: &'static str,
    /// Whether its cells are numbers, which TOA5 leaves bare.
    pub is_number: bool,
}

impl Column {
    pub fn number(
        name: impl Into<String>,
        unit: impl Into<String>,
        processing: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            processing,
            is_number: true,
        }
    }

    pub fn text(
        name: impl Into<String>,
        unit: impl Into<String>,
        processing: &'static str,
    ) -> Self {
        Self {
            is_number: false,
            ..Self::number(name, unit, processing)
        }
    }

    /// Name and unit in one, as a CSV header has it.
    pub fn csv_header(&self) -> String {
        if self.unit.is_empty() {
            self.name.clone()
        } else {
            format!("{} [{}]", self.name, self.unit)
        }
    }
}
