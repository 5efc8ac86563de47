//! Sessions that read: a bounded number, each connected when it is first needed.

use std::sync::{Mutex, PoisonError};

use super::{PostgresSession, SchemaAddress};
use crate::readers::ReadPermits;
use crate::{Bounds, StoreError, Unit};

pub(crate) struct SchemaReaders {
    address: SchemaAddress,
    pub(crate) permits: ReadPermits,
    idle_max: usize,
    idle: Mutex<Vec<PostgresSession>>,
}

impl SchemaReaders {
    pub(crate) fn new(place: SchemaAddress, bounds: &Bounds) -> Self {
        Self {
            address: place,
            permits: ReadPermits::new(bounds),
            idle_max: bounds.readers,
            idle: Mutex::default(),
        }
    }

    /// Runs `work` on one snapshot. It blocks, so it must not be called on an async thread.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.begun()?;
        let result = work(&mut Unit::postgres(&mut session));
        // A read has nothing to commit; that COMMIT succeeds only shows that the session can be used again.
        if session.commit().is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.idle_max {
                idle.push(session);
            }
        }
        result
    }

    /// A session with a transaction begun: an idle one whose connection still works, or else a new one.
    fn begun(&self) -> Result<PostgresSession, StoreError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut session) = idle else { break };
            if !session.is_lost() && session.begin_reading().is_ok() {
                return Ok(session);
            }
        }
        let mut session = PostgresSession::connect(&self.address)?;
        session.begin_reading()?;
        Ok(session)
    }
}
