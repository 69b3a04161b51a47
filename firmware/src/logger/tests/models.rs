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
    assert_eq!(
        block_on(logger.rollback(&clock, false)),
        Err(Fault::NothingBefore)
    );
    assert_eq!(push(&mut logger, &clock, &first).unwrap().generation, 1);
    assert_eq!(push(&mut logger, &clock, &second).unwrap().generation, 2);
    assert_eq!(block_on(logger.active_model()).unwrap(), second);
    let back = block_on(logger.rollback(&clock, false)).unwrap();
    assert_eq!((back.generation, back.version), (3, 1));
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    let mut logger = open(logger.store.into_flash(), &clock);
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
    assert_eq!(block_on(logger.models()).unwrap().well, "SYNTHETIC well");
    // An upload that has begun gives up the rollback, and shows that.
    block_on(logger.upload_begin(100, 0)).unwrap();
    assert_eq!(
        block_on(logger.rollback(&clock, false)),
        Err(Fault::NothingBefore)
    );
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
        // The acknowledgement was lost: the laptop asks, or sends the bytes again.
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
    block_on(logger.upload_begin(length, !crc)).unwrap();
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

    let mut damaged = model(6, Month::new(2025, 12).unwrap());
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

/// Pushing the active model again once made it its own predecessor, and the real one was lost.
#[test]
fn the_active_model_pushed_again_keeps_the_way_back() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let first = model(1, Month::new(2025, 12).unwrap());
    let second = model(2, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &first).unwrap();
    push(&mut logger, &clock, &second).unwrap();
    assert_eq!(
        push(&mut logger, &clock, &second),
        Err(Fault::AlreadyActive)
    );
    assert_eq!(block_on(logger.rollback(&clock, false)).unwrap().version, 1);
    assert_eq!(block_on(logger.active_model()).unwrap(), first);
}

fn push_signed(
    logger: &mut Logger<FakeFlash>,
    clock: &FakeClock,
    file: &[u8],
    keypair: &salty::Keypair,
) -> Result<SlotInfoOf, Fault> {
    upload(logger, file)?;
    logger.upload_signature(&keypair.sign(file).to_bytes())?;
    block_on(logger.upload_commit(clock, false))
}

/// A station of the fake model's well, whose owner signs models.
fn signing_station(clock: &FakeClock) -> (Logger<FakeFlash>, salty::Keypair) {
    let mut logger = station("2026-01-01 00:00:00", clock);
    let keypair = salty::Keypair::from(&[7; 32]);
    let named = ConfigItem::Station {
        name: Name::try_from("SYNTHETIC well").unwrap(),
        datum: Name::new(),
        serial: 1,
    };
    block_on(logger.configure(clock, named)).unwrap();
    let security = Security {
        min_model_version: 0,
        signing_key: Some(*keypair.public.as_bytes()),
        require_signed: false,
    };
    block_on(logger.configure(clock, ConfigItem::Security(security))).unwrap();
    (logger, keypair)
}

fn require_signed(logger: &mut Logger<FakeFlash>, clock: &FakeClock) -> Result<(), Fault> {
    let security = Security {
        require_signed: true,
        ..logger.settings.security
    };
    block_on(logger.configure(clock, ConfigItem::Security(security)))
}

#[test]
fn once_signatures_are_required_only_the_owners_models_enter() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    assert_eq!(
        require_signed(&mut logger, &clock),
        Err(Fault::Config(ConfigProblem::Signing)),
        "nobody has shown that they can sign with this key"
    );
    let first = model(1, Month::new(2025, 12).unwrap());
    assert!(
        push_signed(&mut logger, &clock, &first, &keypair)
            .unwrap()
            .signed
    );
    require_signed(&mut logger, &clock).unwrap();
    let loosened = ConfigItem::Security(Security::default());
    assert_eq!(
        block_on(logger.configure(&clock, loosened)),
        Err(Fault::Config(ConfigProblem::Signing))
    );
    let second = model(2, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &second),
        Err(Fault::SignatureMissing)
    );
    let other = salty::Keypair::from(&[8; 32]);
    assert_eq!(
        push_signed(&mut logger, &clock, &second, &other),
        Err(Fault::SignatureWrong)
    );
    push_signed(&mut logger, &clock, &second, &keypair).unwrap();
}

/// A stolen old signed model could once be activated again.
#[test]
fn no_model_older_than_the_last_signed_one_comes_back() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    for version in [1, 2] {
        let file = model(version, Month::new(2025, 12).unwrap());
        push_signed(&mut logger, &clock, &file, &keypair).unwrap();
    }
    let too_old = Err(Fault::ModelTooOld {
        version: 1,
        minimum: 2,
    });
    assert_eq!(block_on(logger.rollback(&clock, false)), too_old);
    let mut logger = open(logger.store.into_flash(), &clock);
    assert_eq!(block_on(logger.rollback(&clock, false)), too_old);
    assert_eq!(block_on(logger.rollback(&clock, true)).unwrap().version, 1);
}

/// A station file of the first visit is sent again.
#[test]
fn settings_do_not_lower_the_minimum_that_a_signed_model_has_raised() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    let file = model(2, Month::new(2025, 12).unwrap());
    push_signed(&mut logger, &clock, &file, &keypair).unwrap();
    require_signed(&mut logger, &clock).unwrap();
    let again = Security {
        min_model_version: 0,
        ..logger.settings.security
    };
    block_on(logger.configure(&clock, ConfigItem::Security(again))).unwrap();
    assert_eq!(logger.settings.security.min_model_version, 2);
}

/// A signature by the key before shows nothing of the key that is set: with a slip in it, no model would ever be accepted again.
#[test]
fn signatures_are_required_by_the_key_that_has_signed_the_active_model() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    let file = model(1, Month::new(2025, 12).unwrap());
    push_signed(&mut logger, &clock, &file, &keypair).unwrap();
    let other = salty::Keypair::from(&[8; 32]);
    let security = Security {
        min_model_version: 1,
        signing_key: Some(*other.public.as_bytes()),
        require_signed: true,
    };
    assert_eq!(
        block_on(logger.configure(&clock, ConfigItem::Security(security))),
        Err(Fault::Config(ConfigProblem::Signing))
    );
    require_signed(&mut logger, &clock).unwrap();
}

/// The power goes after any byte of the activation of a signed model.
#[test]
fn the_minimum_rises_with_a_signed_model_whatever_a_power_cut_interrupts() {
    let file = model(2, Month::new(2025, 12).unwrap());
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    let first = model(1, Month::new(2025, 12).unwrap());
    push_signed(&mut logger, &clock, &first, &keypair).unwrap();
    let before = logger.store.into_flash();
    let signature = keypair.sign(&file).to_bytes();
    let activate = |cut: Option<u64>| {
        let mut logger = open(before.clone(), &clock);
        upload(&mut logger, &file).unwrap();
        logger.upload_signature(&signature).unwrap();
        let changed = logger.store.flash_mut().bytes_changed;
        logger.store.flash_mut().bytes_until_cut = cut;
        let _ = block_on(logger.upload_commit(&clock, false));
        let changed = logger.store.flash_mut().bytes_changed - changed;
        logger.store.flash_mut().bytes_until_cut = None;
        (open(logger.store.into_flash(), &clock), changed)
    };
    let (_, bytes) = activate(None);
    let mut activated = 0;
    for cut in 0..bytes {
        let (mut logger, _) = activate(Some(cut));
        let active = block_on(logger.models()).unwrap().active.unwrap();
        assert_eq!(
            logger.settings.security.min_model_version, active.version,
            "cut {cut} of {bytes}"
        );
        activated += u32::from(active.version == 2);
    }
    assert!(activated > 50, "{activated} cuts behind the activation");
}

#[test]
fn a_model_without_signature_does_not_come_back_once_they_are_required() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    let unsigned = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &unsigned).unwrap();
    let signed = model(2, Month::new(2025, 12).unwrap());
    push_signed(&mut logger, &clock, &signed, &keypair).unwrap();
    require_signed(&mut logger, &clock).unwrap();
    assert_eq!(
        block_on(logger.rollback(&clock, true)),
        Err(Fault::SignatureMissing)
    );
}

#[test]
fn a_signed_model_of_another_well_is_refused() {
    let clock = FakeClock::default();
    let (mut logger, keypair) = signing_station(&clock);
    let elsewhere = ConfigItem::Station {
        name: Name::try_from("elsewhere").unwrap(),
        datum: Name::new(),
        serial: 1,
    };
    block_on(logger.configure(&clock, elsewhere)).unwrap();
    let file = model(1, Month::new(2025, 12).unwrap());
    assert_eq!(
        push_signed(&mut logger, &clock, &file, &keypair),
        Err(Fault::OtherWell)
    );
}

#[test]
fn security_settings_that_cannot_be_read_let_no_model_in() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    block_on(logger.store.put(Key::Security as u8, &"newer")).unwrap();
    let mut logger = open(logger.store.into_flash(), &clock);
    let file = model(1, Month::new(2025, 12).unwrap());
    assert_eq!(
        push(&mut logger, &clock, &file),
        Err(Fault::SignatureMissing)
    );
    assert!(logger.store.held().unreadable > 0);
}

/// A model trained ten years ago: its estimate states the months without levels, and no interval.
#[test]
fn an_estimate_says_how_many_months_had_no_level_since_training() {
    let clock = FakeClock::default();
    let mut logger = station("2026-01-01 00:00:00", &clock);
    let old = model(1, Month::new(2015, 12).unwrap());
    push(&mut logger, &clock, &old).unwrap();
    append_from_to(
        &mut logger,
        &clock,
        "2026-01-01 00:00:00",
        "2026-03-02 00:00:00",
        6 * 3600,
    );
    block_on(logger.estimate_missing(&clock)).unwrap();
    for (_, estimate) in months(&mut logger) {
        let estimate = estimate.unwrap();
        assert_eq!(
            (estimate.months_without_levels, estimate.half_width_mm),
            (120, None)
        );
    }
    let models = block_on(logger.models()).unwrap();
    assert!(models.synthetic_model, "the fake model says that it is");
    assert_eq!(
        models.trained_until,
        Some(Month::new(2015, 12).unwrap().index())
    );
}
