use wellness::{DURING, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN};

use super::screen::LABELS;
use crate::module::Module;

/// Playing with a filter. No picture is taken: there is no field that could hold one.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("filter", Kind::Text(1, 40), NEW | SHOWN | REQUIRED, ""),
        Field::new("label", LABELS, DURING | NULLABLE, ""),
    ],
    ..Module::new("ar-filter-sessions", "ar_filter_sessions", "FilterSession", "favoriteFilter")
};
