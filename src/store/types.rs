//! The SQL types both databases share, each with one storage form a database.
//!
//! | SQL type   | PostgreSQL    | SQLite (STRICT)                    | Rust      |
//! |------------|---------------|------------------------------------|-----------|
//! | `Guid`     | `uuid`        | `text`, 36 characters, lower case  | `Id`      |
//! | `Instant`  | `timestamptz` | `text`, RFC 3339, UTC, 6 decimals  | `Time`    |
//! | `Document` | `jsonb`       | `text`                             | `Json<T>` |
//!
//! Closed lists of words are stored as text: see [`text_words`].

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, Jsonb, SqlType, Text, Timestamptz};
use diesel::sqlite::Sqlite;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::conn::MultiBackend;
use crate::clock::Time;
use crate::id::Id;

#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Text"))]
pub struct Guid;

#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Text"))]
pub struct Instant;

#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct Document;

impl diesel::sql_types::SqlOrd for Instant {}
impl diesel::sql_types::SqlOrd for Guid {}

/// Gives a type its `MultiBackend` side: the enum backend only forwards to the two real ones.
macro_rules! forward_to_both {
    ($sql:ty, $marker:expr, $rust:ty) => {
        impl FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<$rust, $sql>()
            }
        }
        impl ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($marker, self));
                Ok(IsNull::No)
            }
        }
    };
}

macro_rules! known_to_both {
    ($sql:ty) => {
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
    };
}
known_to_both!(Guid);
known_to_both!(Instant);
known_to_both!(Document);

/// What `#[derive(AsExpression, FromSqlRow)]` would give: written out, because domain types may not name diesel.
#[macro_export]
macro_rules! diesel_value {
    ($sql:ty, $rust:ty) => {
        const _: () = {
            use diesel::expression::AsExpression;
            use diesel::internal::derives::as_expression::Bound;
            use diesel::sql_types::Nullable;
            impl AsExpression<$sql> for $rust {
                type Expression = Bound<$sql, Self>;
                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
            impl<'expr> AsExpression<$sql> for &'expr $rust {
                type Expression = Bound<$sql, Self>;
                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
            impl AsExpression<Nullable<$sql>> for $rust {
                type Expression = Bound<Nullable<$sql>, Self>;
                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
            impl<'expr> AsExpression<Nullable<$sql>> for &'expr $rust {
                type Expression = Bound<Nullable<$sql>, Self>;
                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
            impl<DB> diesel::serialize::ToSql<Nullable<$sql>, DB> for $rust
            where
                DB: diesel::backend::Backend,
                Self: diesel::serialize::ToSql<$sql, DB>,
            {
                fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                    diesel::serialize::ToSql::<$sql, DB>::to_sql(self, out)
                }
            }
            impl<ST, DB> diesel::deserialize::Queryable<ST, DB> for $rust
            where
                DB: diesel::backend::Backend,
                ST: diesel::sql_types::SingleValue,
                Self: diesel::deserialize::FromSql<ST, DB>,
            {
                type Row = Self;
                fn build(row: Self) -> diesel::deserialize::Result<Self> {
                    Ok(row)
                }
            }
        };
    };
}

/// Stores a `words!` enum as its words. A word that the list does not know is a corrupt row, said with the word.
#[macro_export]
macro_rules! text_words {
    ($($rust:ty),+ $(,)?) => {$(
        $crate::diesel_value!(diesel::sql_types::Text, $rust);
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $rust
        where
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::Text, DB>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $rust
        where
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let word = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                <$rust>::parse(&word).ok_or_else(|| format!("unknown word {word:?}").into())
            }
        }
    )+};
}

// ---- Id
diesel_value!(Guid, Id);
forward_to_both!(Guid, Guid, Id);
impl ToSql<Guid, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<diesel::sql_types::Uuid, Pg>::to_sql(&self.0, out)
    }
}
impl FromSql<Guid, Pg> for Id {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <uuid::Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(bytes).map(Id)
    }
}
impl ToSql<Guid, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.hyphenated().to_string());
        Ok(IsNull::No)
    }
}
impl FromSql<Guid, Sqlite> for Id {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(bytes)?;
        Ok(text.parse()?)
    }
}

// ---- Time
diesel_value!(Instant, Time);
forward_to_both!(Instant, Instant, Time);
impl ToSql<Instant, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let instant = self.instant();
        ToSql::<Timestamptz, Pg>::to_sql(&instant, &mut out.reborrow())
    }
}
impl FromSql<Instant, Pg> for Time {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <chrono::DateTime<chrono::Utc> as FromSql<Timestamptz, Pg>>::from_sql(bytes).map(Time::new)
    }
}
impl ToSql<Instant, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_rfc3339());
        Ok(IsNull::No)
    }
}
impl FromSql<Instant, Sqlite> for Time {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(bytes)?;
        Ok(Time::parse_rfc3339(&text)?)
    }
}

// ---- Json
/// Any serde value as one JSON document.
#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Document)]
pub struct Json<T: std::fmt::Debug>(pub T);

impl<T> FromSql<Document, MultiBackend> for Json<T>
where
    T: DeserializeOwned + std::fmt::Debug + 'static,
{
    fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Json<T>, Document>()
    }
}
impl<T: Serialize + std::fmt::Debug + Send + Sync + 'static> ToSql<Document, MultiBackend> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Document, self));
        Ok(IsNull::No)
    }
}
impl<T: Serialize + std::fmt::Debug> ToSql<Document, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let value = serde_json::to_value(&self.0)?;
        ToSql::<Jsonb, Pg>::to_sql(&value, &mut out.reborrow())
    }
}
impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Document, Pg> for Json<T> {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(Json(serde_json::from_value(value)?))
    }
}
impl<T: Serialize + std::fmt::Debug> ToSql<Document, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}
impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Document, Sqlite> for Json<T> {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(bytes)?;
        Ok(Json(serde_json::from_str(&text)?))
    }
}

text_words!(crate::domain::viewer::Role);
