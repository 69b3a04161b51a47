//! The events, in two queues, so that events that can repeat endlessly never displace the others.

use core::ops::ControlFlow;

use amlstm_core::link::{Event, EventKind};

use super::versioned::Versioned;
use super::{Store, StoreError};
use crate::board::MappedFlash;

impl<F: MappedFlash> Store<F> {
    /// Appends an event; a full queue drops its oldest.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn push_event(&mut self, unix_s: u32, kind: EventKind) -> Result<(), StoreError> {
        let region = if repeats(&kind) {
            self.layout.repeating_events.clone()
        } else {
            self.layout.events.clone()
        };
        let event = Event {
            number: self.held.next_event,
            unix_s,
            kind,
        };
        let pushed = self.push(region, &Versioned::V1(&event), true).await;
        pushed.map_err(|error| self.failed(error))?;
        self.held.next_event = event.number.wrapping_add(1);
        // The push may have dropped the oldest page.
        if let Some(first) = self.event_from(0).await? {
            self.held.first_event = first.number;
        }
        Ok(())
    }

    /// Visits the kept events that do not repeat without end, the oldest first: settings, models and what people did.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn each_lasting_event(
        &mut self,
        mut visit: impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let region = self.layout.events.clone();
        self.each(region, &mut |event: Versioned<Event>| {
            visit(event.newest());
            ControlFlow::Continue(())
        })
        .await?;
        Ok(())
    }

    /// The first stored event whose number is at least `number`.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn event_from(&mut self, number: u32) -> Result<Option<Event>, StoreError> {
        let mut found: Option<Event> = None;
        for region in [
            self.layout.events.clone(),
            self.layout.repeating_events.clone(),
        ] {
            self.each(region, &mut |event: Versioned<Event>| {
                let event = event.newest();
                if event.number < number {
                    return ControlFlow::Continue(());
                }
                if found
                    .as_ref()
                    .is_none_or(|found| event.number < found.number)
                {
                    found = Some(event);
                }
                ControlFlow::Break(())
            })
            .await?;
        }
        Ok(found)
    }

    pub(super) async fn survey_events(&mut self) -> Result<(), StoreError> {
        let (mut first, mut next, mut unreadable) = (u32::MAX, 0, 0);
        for region in [
            self.layout.events.clone(),
            self.layout.repeating_events.clone(),
        ] {
            unreadable += self
                .each(region, &mut |event: Versioned<Event>| {
                    let event = event.newest();
                    first = event.number.min(first);
                    next = event.number.wrapping_add(1).max(next);
                    ControlFlow::Continue(())
                })
                .await?;
        }
        self.held.first_event = first.min(next);
        self.held.next_event = next;
        self.held.unreadable += unreadable;
        Ok(())
    }
}

/// Events that can repeat endlessly without anybody doing anything.
fn repeats(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Started { .. }
            | EventKind::Panicked { .. }
            | EventKind::SensorQuality { .. }
            | EventKind::SamplesLate { .. }
            | EventKind::ClockChip(_)
            | EventKind::BatteryLow { .. }
            | EventKind::BatteryGood { .. }
    )
}
