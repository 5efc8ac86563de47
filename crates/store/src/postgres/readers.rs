//! Sessions that read: a bounded number, each connected when it is first needed.

use std::sync::{Mutex, PoisonError};

use super::{Place, Session};
use crate::readers::Turns;
use crate::{Bounds, StoreError, Unit};

pub(crate) struct Readers {
    place: Place,
    pub(crate) turns: Turns,
    kept: usize,
    idle: Mutex<Vec<Session>>,
}

impl Readers {
    pub(crate) fn new(place: Place, bounds: &Bounds) -> Self {
        Self { place, turns: Turns::new(bounds), kept: bounds.readers, idle: Mutex::default() }
    }

    /// Runs `work` on one snapshot. Not for async threads.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.begun()?;
        let result = work(&mut Unit::postgres(&mut session));
        // A read has nothing to keep: how its transaction ends says only whether the session can be used again.
        if session.commit().is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.kept {
                idle.push(session);
            }
        }
        result
    }

    /// A session in a transaction: one that is idle, or a new one when the database has gone away from that meanwhile.
    fn begun(&self) -> Result<Session, StoreError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut session) = idle else { break };
            if !session.is_lost() && session.begin_reading().is_ok() {
                return Ok(session);
            }
        }
        let mut session = Session::connect(&self.place)?;
        session.begin_reading()?;
        Ok(session)
    }
}
