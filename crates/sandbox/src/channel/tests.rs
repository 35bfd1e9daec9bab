use super::*;

fn pair() -> (Channel, Channel) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (pages, fd) = SharedPages::create().unwrap().unwrap();
    let same = SharedPages::open(std::os::fd::AsFd::as_fd(&fd)).unwrap().unwrap();
    (Channel::of_broker(ours, pages), Channel::of_worker(theirs, same))
}

/// Bytes that differ from place to place.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| u8::try_from((i * 7 + i / 251) % 256).unwrap()).collect()
}

#[test]
fn bytes_of_every_length_arrive_in_order_both_ways() {
    for spin in [0, 50] {
        let (mut broker, mut worker) = pair();
        broker.spin_for(Duration::from_micros(spin));
        let lengths = [1usize, 7, 8, 9, 1000, 32 << 10, (32 << 10) + 1, 65_528, 65_536, 1 << 20, 3, 5 << 20];
        let echo = std::thread::spawn(move || {
            for length in lengths {
                let mut got = vec![0; length];
                worker.read_exact(&mut got).unwrap();
                worker.write_all(&got).unwrap();
            }
        });
        for length in lengths {
            broker.write_all(&bytes(length)).unwrap();
            let mut got = vec![0; length];
            broker.read_exact(&mut got).unwrap();
            assert!(got == bytes(length), "{length} bytes, spin {spin}");
        }
        echo.join().unwrap();
        assert_eq!(broker.read(&mut [0; 8]).unwrap(), 0, "the other side is gone");
    }
}

#[test]
fn what_was_written_before_the_end_is_still_read() {
    let (mut broker, mut worker) = pair();
    worker.write_all(b"last words").unwrap();
    drop(worker);
    let mut said = String::new();
    broker.read_to_string(&mut said).unwrap();
    assert_eq!(said, "last words");
}

#[test]
fn a_silent_side_is_a_timeout_and_nothing_is_lost() {
    let (mut broker, mut worker) = pair();
    broker.set_timeout(Duration::from_millis(5)).unwrap();
    assert_eq!(broker.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    worker.write_all(b"x").unwrap();
    assert_eq!(broker.read(&mut [0; 8]).unwrap(), 1);
    // nobody reads: the ring fills up
    let mut sent = 0;
    let error = loop {
        match broker.write(&bytes(1000)) {
            Ok(n) => sent += n,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert!(sent <= 64 << 10, "{sent} bytes in a ring");
    let mut got = vec![0; sent];
    worker.read_exact(&mut got).unwrap();
    broker.write_all(b"y").unwrap();
    assert_eq!(worker.read(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn a_side_that_sleeps_is_woken() {
    let (mut broker, mut worker) = pair();
    let sleeper = std::thread::spawn(move || {
        let mut byte = [0];
        for _ in 0..100 {
            worker.read_exact(&mut byte).unwrap();
            worker.write_all(&byte).unwrap();
        }
    });
    for i in 0..100u8 {
        std::thread::sleep(Duration::from_micros(u64::from(i)));
        broker.write_all(&[i]).unwrap();
        let mut byte = [0];
        broker.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [i]);
    }
    sleeper.join().unwrap();
}

/// What a hostile side may leave in the shared memory: an error, never a wrong read, a hang or a panic.
#[test]
fn nonsense_in_shared_memory_is_an_error() {
    type Spoil = fn(&Layout);
    let cases: [(&str, Spoil); 6] = [
        ("more written than a ring has", |l| l.to_broker.written.0.store(WORDS + 1, Ordering::SeqCst)),
        ("position gone back", |l| l.to_broker.written.0.store(u32::MAX, Ordering::SeqCst)),
        ("length zero", |l| l.to_broker.written.0.store(4, Ordering::SeqCst)),
        ("length above what is there", |l| {
            l.to_broker.words[0].store(25, Ordering::SeqCst);
            l.to_broker.written.0.store(4, Ordering::SeqCst);
        }),
        ("length above the largest", |l| {
            l.to_broker.words[0].store(40_000, Ordering::SeqCst);
            l.to_broker.written.0.store(WORDS, Ordering::SeqCst);
        }),
        ("length above everything", |l| {
            l.to_broker.words[0].store(u64::MAX, Ordering::SeqCst);
            l.to_broker.written.0.store(WORDS, Ordering::SeqCst);
        }),
    ];
    for (name, spoil) in cases {
        let (mut broker, worker) = pair();
        broker.set_timeout(Duration::from_millis(200)).unwrap();
        spoil(worker.pages.layout());
        assert_eq!(broker.read(&mut [0; 64]).unwrap_err().kind(), io::ErrorKind::InvalidData, "{name}");
    }
    let (mut broker, worker) = pair();
    worker.pages.layout().to_worker.read.0.store(7, Ordering::SeqCst);
    assert_eq!(broker.write(b"x").unwrap_err().kind(), io::ErrorKind::InvalidData, "more read than was written");
}

/// A record that changes while it is read gives one of its states, cut to a length that was checked.
#[test]
fn a_record_that_changes_under_the_reader_stays_within_its_length() {
    let (mut broker, mut worker) = pair();
    for _ in 0..2000 {
        worker.write_all(&bytes(100)).unwrap();
        std::thread::scope(|scope| {
            let ring = &worker.pages.layout().to_broker;
            let at = ring.written.0.load(Ordering::SeqCst).wrapping_sub(14) % WORDS;
            scope.spawn(move || ring.words[usize::try_from(at).unwrap()].store(u64::MAX, Ordering::SeqCst));
            let mut got = [0; 256];
            match broker.read(&mut got) {
                Ok(n) => assert_eq!(n, 100),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData),
            }
        });
        if broker.incoming.is_there(broker.pages.layout().incoming(Side::Broker)).unwrap() {
            // the reader stopped there; start anew
            (broker, worker) = pair();
        }
    }
}

/// Found by reading: such a side kept the broker from its clock, so that `max_seconds` never came.
#[test]
fn a_side_that_only_wakes_us_is_a_timeout_all_the_same() {
    let (mut broker, worker) = pair();
    broker.set_timeout(Duration::from_millis(20)).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = send(&worker.socket, &[0; 64], SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
            }
        });
        for _ in 0..5 {
            let begin = Instant::now();
            assert_eq!(broker.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert!(begin.elapsed() < Duration::from_secs(2));
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn flags_that_are_always_set_do_not_block_the_writer() {
    let (mut broker, mut worker) = pair();
    broker.set_timeout(Duration::from_millis(50)).unwrap();
    // the worker claims to sleep each time and never takes a wake-up from the socket
    for _ in 0..200_000 {
        broker.write_all(&[1]).unwrap();
        worker.read_exact(&mut [0]).unwrap();
        worker.pages.layout().to_worker.reader_sleeps.0.store(1, Ordering::SeqCst);
    }
}

use pages::WORDS;
