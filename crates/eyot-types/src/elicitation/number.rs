//! Numbers of Rust as numbers of JSON.

use serde_json::Number;

/// A number that a form can show: any of Rust's, written as it is.
pub trait IntoNumber {
    /// The number in JSON. `None`: JSON cannot write it, for it is infinite or no number.
    fn into_number(self) -> Option<Number>;
}

impl IntoNumber for Number {
    fn into_number(self) -> Option<Number> {
        Some(self)
    }
}

impl IntoNumber for f64 {
    fn into_number(self) -> Option<Number> {
        Number::from_f64(self)
    }
}

macro_rules! whole_numbers {
    ($($kind:ty),+) => {
        $(
            impl IntoNumber for $kind {
                fn into_number(self) -> Option<Number> {
                    Some(self.into())
                }
            }
        )+
    };
}

whole_numbers!(i8, i16, i32, i64, u8, u16, u32, u64);
