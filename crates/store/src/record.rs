//! Rows by name: [`row!`](crate::row) declares a struct and, beside each field, the SQL expression that it is read from.
//! The list of columns and the reader are generated from it in the same order, so no code counts columns.

use crate::{Row, StoreError, Value};

/// A struct that is read from consecutive columns of a row; implemented by [`row!`](crate::row).
pub trait Record: Sized {
    /// The expressions to select, with commas between them.
    const COLUMNS: &'static str;
    /// How many expressions these are.
    const COUNT: usize;

    /// Reads the struct from the next columns.
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreError>;

    /// Reads the struct from a row that begins with [`Record::COLUMNS`].
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Self::read(&mut Columns::after(0, row))
    }
}

/// Columns of an outer join, which are all null where nothing was joined: `None` when the first one is null.
impl<T: Record> Record for Option<T> {
    const COLUMNS: &'static str = T::COLUMNS;
    const COUNT: usize = T::COUNT;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        if columns.row.value(columns.next)? == Value::Null {
            columns.next += T::COUNT;
            return Ok(None);
        }
        T::read(columns).map(Some)
    }
}

/// The columns of a row, one after the other.
pub struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    /// The columns of a row that follow the first `skipped` ones.
    pub fn after(skipped: usize, row: &'r Row<'r>) -> Self {
        Self { row, next: skipped }
    }

    /// Reads the next column, which was selected as `name`; an error names it. `reader` returns `None` for a value that
    /// it does not expect.
    pub fn take<T>(
        &mut self,
        name: &'static str,
        reader: impl FnOnce(Value<'_>) -> Option<T>,
    ) -> Result<T, StoreError> {
        let refused = |expected| StoreError::Column { column: name.to_owned(), expected };
        let value = self.row.value(self.next).map_err(|error| match error {
            StoreError::Column { expected, .. } => refused(expected),
            other => other,
        })?;
        self.next += 1;
        reader(value).ok_or_else(|| refused(std::any::type_name::<T>()))
    }
}

/// Declares a struct that is read from a row:
///
/// ```
/// headwater_store::row! {
///     /// A customer with its partner's keys.
///     pub struct Customer {
///         /// Read as its type is, by [`FromColumn`](headwater_store::FromColumn).
///         pub id: i64 = "customer.id",
///         /// Read by a function from [`Value`](headwater_store::Value) to an `Option`.
///         pub words: Vec<String> = "customer.words" => |value| Some(value.text()?.split(' ').map(Into::into).collect()),
///         /// Another such struct, whose columns follow here.
///         pub partner: Partner,
///     }
/// }
///
/// headwater_store::row! {
///     /// A partner's keys.
///     pub struct Partner {
///         /// Text or null.
///         pub key: Option<String> = "partner.key",
///     }
/// }
///
/// use headwater_store::Record as _;
/// assert_eq!(Customer::COLUMNS, "customer.id, customer.words, partner.key");
/// ```
///
/// A type that is declared elsewhere takes `impl Type { field = "expression", … } with { field: value }`, where `with`
/// gives the fields that no column holds.
#[macro_export]
macro_rules! row {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field_visibility:vis $field:ident : $type:ty $(= $sql:literal $(=> $reader:expr)?)?
            ),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $( $(#[$field_attribute])* $field_visibility $field: $type, )*
        }
        $crate::row! { @impl $name { $( $field: [$type $(, $sql $(, $reader)?)?], )* } {} }
    };
    (impl $name:ident {
        $( $field:ident = $sql:literal $(=> $reader:expr)? ),* $(,)?
    } with { $( $other:ident : $value:expr ),* $(,)? }) => {
        $crate::row! { @impl $name { $( $field: [_, $sql $(, $reader)?], )* } { $( $other: $value, )* } }
    };
    (@impl $name:ident { $( $field:ident : $column:tt, )* } { $( $other:ident : $value:expr, )* }) => {
        impl $crate::Record for $name {
            const COLUMNS: &'static str = $crate::joined!(", ", $( $crate::row!(@sql $column) ),*);
            const COUNT: usize = 0 $( + $crate::row!(@count $column) )*;

            fn read(columns: &mut $crate::Columns<'_>) -> ::std::result::Result<Self, $crate::StoreError> {
                ::std::result::Result::Ok(Self {
                    $( $field: $crate::row!(@read columns $column)?, )*
                    $( $other: $value, )*
                })
            }
        }
    };
    (@sql [$type:ty]) => { <$type as $crate::Record>::COLUMNS };
    (@sql [$type:ty, $sql:literal $(, $reader:expr)?]) => { $sql };
    (@count [$type:ty]) => { <$type as $crate::Record>::COUNT };
    (@count [$type:ty, $sql:literal $(, $reader:expr)?]) => { 1 };
    (@read $columns:ident [$type:ty]) => { <$type as $crate::Record>::read($columns) };
    (@read $columns:ident [$type:ty, $sql:literal]) => { $columns.take($sql, $crate::FromColumn::from_column) };
    (@read $columns:ident [$type:ty, $sql:literal, $reader:expr]) => { $columns.take($sql, $reader) };
}

/// Constant texts as one constant text, with a separator between them: `joined!("", "SELECT ", Row::COLUMNS)`.
#[macro_export]
macro_rules! joined {
    ($separator:literal, $($part:expr),* $(,)?) => {{
        const PARTS: &[&str] = &[$($part),*];
        const TEXT: [u8; $crate::constant::len(PARTS, $separator)] = $crate::constant::join(PARTS, $separator);
        $crate::constant::text(&TEXT)
    }};
}

/// What [`joined!`](crate::joined) expands to; not for direct use.
#[doc(hidden)]
pub mod constant {
    /// The length of the joined text.
    pub const fn len(parts: &[&str], separator: &str) -> usize {
        let (mut len, mut at) = (0, 0);
        while at < parts.len() {
            len += parts[at].len() + if at == 0 { 0 } else { separator.len() };
            at += 1;
        }
        len
    }

    /// The joined text.
    pub const fn join<const LEN: usize>(parts: &[&str], separator: &str) -> [u8; LEN] {
        let (mut text, mut len, mut at) = ([0; LEN], 0, 0);
        while at < parts.len() {
            if at > 0 {
                len = put(&mut text, len, separator.as_bytes());
            }
            len = put(&mut text, len, parts[at].as_bytes());
            at += 1;
        }
        text
    }

    const fn put(text: &mut [u8], from: usize, part: &[u8]) -> usize {
        text.split_at_mut(from).1.split_at_mut(part.len()).0.copy_from_slice(part);
        from + part.len()
    }

    /// The bytes as text, of which they were made.
    pub const fn text(bytes: &[u8]) -> &str {
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => panic!("joined texts are text"),
        }
    }
}
