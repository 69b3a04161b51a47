//! State of the logger on the console.

use amlstm_core::link::{Name, ResetCause, Status};
use amlstm_core::month_mean::UtcOffset;
use embedded_io_async::Write;

use super::Session;
use super::milliamp_hours::MilliampHours;
use crate::board::Board;
use crate::calendar::Moment;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn status(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let status = match shared.status().await {
            Ok(status) => status,
            Err(fault) => return self.fault(fault).await,
        };
        let [major, minor, patch] = shared.fw;
        let serial = shared.logger.lock().await.settings.serial;
        let name = |name: &Name| {
            if name.is_empty() {
                Name::try_from("(not set)").unwrap_or_default()
            } else {
                name.clone()
            }
        };
        self.synthetic().await?;
        self.line(format_args!(
            "station    {}, serial {serial}, firmware {major}.{minor}.{patch}",
            name(&status.station)
        ))
        .await?;
        self.line(format_args!("datum      {}", name(&status.datum)))
            .await?;
        self.clock().await?;
        let cause = match status.reset_cause {
            ResetCause::Power => "power",
            ResetCause::Watchdog => "WATCHDOG",
            ResetCause::Panic => "PANIC",
            ResetCause::Other => "reset",
            ResetCause::Requested => "command",
        };
        let watchdog = status.watchdog_resets;
        self.line(format_args!(
            "running    {} s since start by {cause}; {} starts, {watchdog} by the watchdog",
            status.uptime_s, status.boots
        ))
        .await?;
        self.battery(&status).await?;
        let barometer = if status.barometer {
            "and a barometer"
        } else {
            "and no barometer"
        };
        self.line(format_args!(
            "sampling   {} channels {barometer} every {} s",
            status.channels, status.interval_s
        ))
        .await?;
        let kept = status.next_sample - status.first_sample;
        self.line(format_args!(
            "samples    {kept} kept of about {}, then the oldest go",
            status.sample_capacity
        ))
        .await?;
        self.line(format_args!(
            "months     {} closed by {}, room for about {}",
            status.months,
            UtcOffset(status.utc_offset_minutes),
            status.months_free
        ))
        .await?;
        match status.model_generation {
            Some(generation) => {
                self.line(format_args!("model      generation {generation}"))
                    .await?;
            }
            None => self.text("model      none\r\n").await?,
        }
        if status.rate_alarm {
            self.text("ALARM      the last month's subsidence passed the limit\r\n")
                .await?;
        }
        if status.unreadable_records > 0 {
            self.line(format_args!(
                "FLASH      {} records that this firmware cannot read",
                status.unreadable_records
            ))
            .await?;
        }
        if status.storage_errors > 0 {
            self.line(format_args!(
                "FLASH      {} errors since start",
                status.storage_errors
            ))
            .await?;
        }
        Ok(())
    }

    /// The battery, what is done because it is low, and how long it lasts.
    async fn battery(&mut self, status: &Status) -> Result<(), W::Error> {
        match status.battery_mv {
            Some(millivolts) => {
                self.line(format_args!("battery    {millivolts} mV"))
                    .await?;
            }
            None => {
                self.text("battery    not measured by this board\r\n")
                    .await?;
            }
        }
        if let Some(seconds) = status.low_battery_interval_s {
            self.line(format_args!(
                "LOW        battery: samples every {seconds} s until it is good again"
            ))
            .await?;
        }
        let battery = self.shared.logger.lock().await.settings.battery;
        if let Some((life, battery)) = status.battery_life.zip(battery) {
            self.line(format_args!(
                "lasts      about {} days more: {} mAh a day by data sheets, not measured, of {} mAh fitted {}",
                life.days_left,
                MilliampHours(life.uah_per_day),
                battery.capacity_mah,
                Moment::from_unix(battery.fitted_unix_s).date()
            ))
            .await?;
        }
        Ok(())
    }

    /// Prints what is synthetic: the sensors, or the data on which the active model was trained.
    pub(super) async fn synthetic(&mut self) -> Result<(), W::Error> {
        if self.shared.synthetic {
            self.text("SYNTHETIC SENSORS: levels are computed, not measured\r\n")
                .await?;
        }
        let models = self.shared.logger.lock().await.models().await;
        if models.is_ok_and(|models| models.synthetic_model) {
            self.text("SYNTHETIC MODEL: it was trained on computed data\r\n")
                .await?;
        }
        Ok(())
    }
}
