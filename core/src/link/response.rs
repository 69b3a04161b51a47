//! Responses from the logger to the laptop.

use serde::{Deserialize, Serialize};

use super::{
    ConfigItem, CorrectedEstimate, EstimateRecord, Event, Fault, Firmware, Hello, LayerSubsidence,
    Models, MonthRecord, Now, SlotInfo, Status, UploadProgress, Verification, VisitReport,
};

/// The response to an accepted request. New variants are only appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response<'a> {
    /// To [`super::Request::Hello`]. Never changes.
    Hello(Hello),
    /// Done, without further data.
    Done,
    /// To [`super::Request::Status`].
    Status(Status),
    /// To [`super::Request::Now`].
    Now(Now),
    /// To [`super::Request::Month`].
    Month {
        /// The closed month.
        record: MonthRecord,
        /// The estimate made for it, by the model active then.
        estimate: Option<EstimateRecord>,
    },
    /// To [`super::Request::Event`].
    Event(Event),
    /// To [`super::Request::Samples`]: read them with [`super::Samples`].
    Samples(&'a [u8]),
    /// To [`super::Request::Estimate`] and [`super::Request::EstimateAt`].
    Estimate(EstimateRecord),
    /// To [`super::Request::ConfigGet`].
    Config(ConfigItem),
    /// To [`super::Request::Visit`].
    Visit(VisitReport),
    /// To [`super::Request::Models`].
    Models(Models),
    /// To all upload requests except the last, of models and of firmware.
    Upload(UploadProgress),
    /// To [`super::Request::UploadCommit`] and [`super::Request::Rollback`]: the active model.
    Active(SlotInfo),
    /// To [`super::Request::ModelRead`].
    ModelBytes {
        /// Bytes of the whole file.
        length: u32,
        /// The bytes from the requested offset on; empty at the end.
        bytes: &'a [u8],
    },
    /// To [`super::Request::Verify`].
    Verification(Verification),
    /// To [`super::Request::Sdi12`]: the answer without CR LF.
    Sdi12(&'a [u8]),
    /// To [`super::Request::Layers`].
    Layers(LayerSubsidence),
    /// To [`super::Request::Firmware`].
    Firmware(Firmware),
    /// To [`super::Request::CorrectedEstimate`].
    CorrectedEstimate(CorrectedEstimate),
}

/// Logger to laptop.
pub type Reply<'a> = Result<Response<'a>, Fault>;
