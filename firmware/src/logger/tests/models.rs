//! Uploading, checking, swapping and rolling back models.

use super::*;

#[test]
fn a_model_is_swapped_and_rolled_back() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let (first, second) = (
        model(1, Month::new(2025, 12).unwrap()),
        model(2, Month::new(2025, 12).unwrap()),
    );
    assert_eq!(block_on(logger.rollback(&clock)), Err(Fault::NothingBefore));
    assert_eq!(push(&mut logger, &clock, &first).unwrap().generation, 1);
    assert_eq!(push(&mut logger, &clock, &second).unwrap().generation, 2);
    assert_eq!(block_on(logger.active_model()).unwrap(), second);
    let back = block_on(logger.rollback(&clock)).unwrap();
    assert_eq!((back.generation, back.version), (3, 1));
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    let mut logger = open(logger.store.into_flash(), &clock);
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    assert_eq!(block_on(logger.models()).unwrap().well, "SYNTHETIC well");
    // An upload that has begun gives up the way back, and says so.
    block_on(logger.upload_begin(100, 0)).unwrap();
    assert_eq!(block_on(logger.rollback(&clock)), Err(Fault::NothingBefore));
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
}

#[test]
fn an_upload_broken_off_at_every_chunk_resumes() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let file = model(1, Month::new(2025, 12).unwrap());
    let crc = u32::from_le_bytes(*file.last_chunk().unwrap());
    block_on(logger.upload_begin(file.len() as u32, crc)).unwrap();
    for (index, chunk) in file.chunks(192).enumerate() {
        let offset = index as u32 * 192;
        assert!(block_on(logger.upload_chunk(offset + 192, chunk)).is_err());
        block_on(logger.upload_chunk(offset, chunk)).unwrap();
        // The acknowledgement was lost: the laptop asks, or sends again.
        let received = logger.upload_where().unwrap().received;
        assert_eq!(received, (offset + 192).min(file.len() as u32));
        assert_eq!(
            block_on(logger.upload_chunk(offset, chunk))
                .unwrap()
                .received,
            received
        );
    }
    block_on(logger.upload_commit(&clock, false)).unwrap();
    assert_eq!(block_on(logger.active_model()).unwrap(), file);
}

#[test]
fn a_model_that_must_not_become_active_does_not() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let good = model(5, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &good).unwrap();
    let crc = u32::from_le_bytes(*good.last_chunk().unwrap());
    let length = good.len() as u32;

    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::NoUpload)
    );
    assert_eq!(
        block_on(logger.upload_chunk(0, &good[..4])),
        Err(Fault::NoUpload)
    );
    assert_eq!(
        block_on(logger.upload_begin(17_000, 0)),
        Err(Fault::ModelTooLong { limit: 16_384 })
    );
    block_on(logger.upload_begin(length, crc)).unwrap();
    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::Incomplete {
            received: 0,
            length
        })
    );
    assert_eq!(
        block_on(logger.upload_chunk(0, &good[..3])),
        Err(Fault::Malformed)
    );
    assert_eq!(
        block_on(logger.upload_chunk(length, &good[..4])),
        Err(Fault::Malformed)
    );
    assert_eq!(
        block_on(logger.upload_chunk(u32::MAX, &good[..4])),
        Err(Fault::Malformed)
    );

    let mut damaged = good.clone();
    damaged[900] ^= 1;
    assert_eq!(
        push(&mut logger, &clock, &damaged),
        Err(Fault::ModelInvalid)
    );
    let mut other_crc = good.clone();
    *other_crc.last_mut().unwrap() ^= 1;
    assert_eq!(
        push(&mut logger, &clock, &other_crc),
        Err(Fault::ModelInvalid)
    );
    block_on(logger.upload_begin(length, !crc)).unwrap();
    for (index, chunk) in good.chunks(192).enumerate() {
        block_on(logger.upload_chunk(index as u32 * 192, chunk)).unwrap();
    }
    let refused = block_on(logger.upload_commit(&clock, false));
    assert_eq!(
        refused,
        Err(Fault::ModelCrc {
            announced: !crc,
            stored: crc
        })
    );

    let security = Security {
        min_model_version: 4,
        ..Security::default()
    };
    block_on(logger.configure(&clock, ConfigItem::Security(security))).unwrap();
    let old = model(3, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &old),
        Err(Fault::ModelTooOld {
            version: 3,
            minimum: 4
        })
    );
    assert_eq!(block_on(logger.active_model()).unwrap(), good);
    assert_eq!(
        block_on(logger.upload_commit(&clock, true))
            .unwrap()
            .version,
        3
    );
    assert!(events(&mut logger).iter().any(|event| matches!(
        event,
        EventKind::ModelActivated {
            version: 3,
            older_allowed: true,
            ..
        }
    )));
}

#[test]
fn a_model_of_an_unconfigured_layer_is_refused() {
    let clock = FakeClock::default();
    let mut logger = open(FakeFlash::new(FLASH), &clock);
    let item = ConfigItem::Channel {
        index: 0,
        channel: Some(channel("phreatic")),
    };
    block_on(logger.configure(&clock, item)).unwrap();
    let refused = push(
        &mut logger,
        &clock,
        &model(1, Month::new(2025, 12).unwrap()),
    );
    assert_eq!(refused, Err(Fault::LayerUnknown { input: 1 }));
}

#[test]
fn once_signatures_are_required_only_the_owners_models_enter() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let keypair = salty::Keypair::from(&[7; 32]);
    let security = Security {
        min_model_version: 0,
        signing_key: Some(*keypair.public.as_bytes()),
        require_signed: true,
    };
    block_on(logger.configure(&clock, ConfigItem::Security(security))).unwrap();
    let loosened = ConfigItem::Security(Security::default());
    assert_eq!(
        block_on(logger.configure(&clock, loosened)),
        Err(Fault::Config(ConfigProblem::Signing))
    );

    let file = model(1, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &file),
        Err(Fault::SignatureMissing)
    );
    let mut signature = keypair.sign(&file).to_bytes();
    signature[3] ^= 1;
    logger.upload_signature(&signature).unwrap();
    assert_eq!(
        block_on(logger.upload_commit(&clock, false)),
        Err(Fault::SignatureWrong)
    );
    signature[3] ^= 1;
    logger.upload_signature(&signature).unwrap();
    assert!(
        block_on(logger.upload_commit(&clock, false))
            .unwrap()
            .signed
    );
}
