//! Conversion of values to and from PostgreSQL. The server says which type each parameter has, from the SQL it has
//! parsed; a value is encoded as that type.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::{StoreError, Value};

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => match *kind {
                Type::INT2 => i16::try_from(number)?.to_sql(kind, out),
                Type::INT4 => i32::try_from(number)?.to_sql(kind, out),
                Type::BOOL => (number != 0).to_sql(kind, out),
                Type::INT8 => number.to_sql(kind, out),
                _ => Err(format!("an integer where {kind} is expected").into()),
            },
            Self::Text(text) if text.contains('\0') => {
                Err("PostgreSQL takes no text with a NUL character".into())
            }
            Self::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Self::Text(_) => Err(format!("text where {kind} is expected").into()),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::Bytes(_) => Err(format!("bytes where {kind} is expected").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // `to_sql` returns an error for a value that does not fit the type
    }

    to_sql_checked!();
}

/// A column's value as [`crate::FromColumn`] takes it.
struct Column<'a>(Value<'a>);

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => Value::Bytes(raw),
            _ => Value::Text(<&str>::from_sql(kind, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::BYTEA)
            || <&str as FromSql>::accepts(kind)
    }
}

/// The value of a row's column, counted from 0.
pub(crate) fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value<'_>, StoreError> {
    match row.try_get::<_, Column<'_>>(column) {
        Ok(Column(value)) => Ok(value),
        Err(_) => Err(crate::row::not("bigint, text, bytea or boolean", column)),
    }
}
