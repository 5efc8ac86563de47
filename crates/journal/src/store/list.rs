//! Lists and counts of entries, for the people who run the relay.

use std::fmt::Write as _;

use headwater_store::{Record, StoreError, Unit, Value};

use super::LIST;
use crate::entry::{Counts, Entry, Filter, State};

pub(crate) fn list(unit: &mut Unit<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    let mut text = String::from(LIST);
    let mut params: Vec<Value<'_>> = vec![filter.program.into(), filter.test.into()];
    if let Some(state) = filter.state {
        // A literal, because the planner uses a partial index only when it sees the state's value in the SQL.
        let _ = write!(text, " AND state = {}", state.number());
    }
    let narrowings =
        [("lane =", filter.lane.as_deref().map(Value::Text)), ("seq <", filter.before.map(Value::Int))];
    for (left, value) in narrowings {
        if let Some(value) = value {
            params.push(value);
            let _ = write!(text, " AND {left} ${}", params.len());
        }
    }
    params.push(Value::Int(i64::from(filter.limit)));
    let _ = write!(text, " ORDER BY seq DESC LIMIT ${}", params.len());
    unit.query(&text, &params, Entry::from_row)
}

/// Counts the entries of a program and mode in a state, from a covering index.
pub(super) fn count(state: State) -> String {
    format!("SELECT count(*) FROM entry WHERE program = $1 AND test = $2 AND state = {}", state.number())
}

pub(crate) fn counts(unit: &mut Unit<'_>, program: i64, test: bool) -> Result<Counts, StoreError> {
    let mut of = |state| {
        let found = unit.query_one(&count(state), &[program.into(), test.into()], |row| row.get::<i64>(0));
        found.map(Option::unwrap_or_default)
    };
    Ok(Counts { parked: of(State::Parked)?, dead: of(State::Dead)?, unattributed: of(State::Unattributed)? })
}
