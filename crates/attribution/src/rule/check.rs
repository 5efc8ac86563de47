//! One comparison: what was seen against what is wanted.

use std::fmt;

use protocol::Millis;

use crate::window::Window;

/// What a leaf found in the facts. A list of texts satisfies a positive comparison when one of them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen<'f> {
    Nothing,
    Texts(Vec<&'f str>),
    Number(i64),
    Time(Millis),
}

/// What is wanted. Comparisons other than the negative ones are false when nothing is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
    Contains(String),
    StartsWith(String),
    NumberAnyOf(Vec<i64>),
    NumberNoneOf(Vec<i64>),
    Greater(i64),
    Less(i64),
    Between(i64, i64),
    OlderThan { days: i64 },
    NewerThan { days: i64 },
    Within(String, Window),
    Exists,
}

impl Check {
    pub(super) fn holds(&self, seen: &Seen<'_>, now: Millis) -> bool {
        match (self, seen) {
            (Self::NoneOf(_) | Self::NumberNoneOf(_), Seen::Nothing) => true,
            (_, Seen::Nothing) => false,
            (Self::Exists, _) => true,
            (Self::AnyOf(wanted), Seen::Texts(texts)) => {
                texts.iter().any(|text| wanted.iter().any(|one| one == text))
            }
            (Self::NoneOf(wanted), Seen::Texts(texts)) => {
                !texts.iter().any(|text| wanted.iter().any(|one| one == text))
            }
            (Self::Contains(part), Seen::Texts(texts)) => {
                texts.iter().any(|text| text.contains(part.as_str()))
            }
            (Self::StartsWith(part), Seen::Texts(texts)) => {
                texts.iter().any(|text| text.starts_with(part.as_str()))
            }
            (Self::NumberAnyOf(wanted), Seen::Number(number)) => wanted.contains(number),
            (Self::NumberNoneOf(wanted), Seen::Number(number)) => !wanted.contains(number),
            (Self::Greater(bound), Seen::Number(number)) => number > bound,
            (Self::Less(bound), Seen::Number(number)) => number < bound,
            (Self::Between(low, high), Seen::Number(number)) => (low..=high).contains(&number),
            (Self::OlderThan { days }, Seen::Time(time)) => now.since(*time) > days * Millis::DAY,
            (Self::NewerThan { days }, Seen::Time(time)) => now.since(*time) < days * Millis::DAY,
            (Self::Within(_, window), Seen::Time(time)) => window.holds(*time, now),
            _ => false,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOf(wanted) => write!(out, "is any of [{}]", wanted.join(", ")),
            Self::NoneOf(wanted) => write!(out, "is none of [{}]", wanted.join(", ")),
            Self::Contains(part) => write!(out, "contains '{part}'"),
            Self::StartsWith(part) => write!(out, "starts with '{part}'"),
            Self::NumberAnyOf(wanted) => write!(out, "is any of {wanted:?}"),
            Self::NumberNoneOf(wanted) => write!(out, "is none of {wanted:?}"),
            Self::Greater(bound) => write!(out, "is greater than {bound}"),
            Self::Less(bound) => write!(out, "is less than {bound}"),
            Self::Between(low, high) => write!(out, "lies between {low} and {high}"),
            Self::OlderThan { days } => write!(out, "is older than {days} days"),
            Self::NewerThan { days } => write!(out, "is newer than {days} days"),
            Self::Within(name, _) => write!(out, "lies within {name}"),
            Self::Exists => write!(out, "exists"),
        }
    }
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(out, "nothing"),
            Self::Texts(texts) => write!(out, "{}", texts.join(", ")),
            Self::Number(number) => write!(out, "{number}"),
            Self::Time(time) => write!(out, "{} ms since 1970", time.0),
        }
    }
}
