//! What stays in the lake after a second run, an abort, or a failure, and what is said about it.

mod common;

use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use common::{DAY, Folder, Mount, files, read, rows, tree};
use linewarden_lake::{Compression, Lake, LakeError, Options};

fn options() -> Options {
    Options {
        threads: 2,
        ..Options::new("plant", "run")
    }
}

/// One open file at a time: each change of stream closes a file and begins another.
fn one_file() -> Options {
    Options {
        threads: 1,
        max_open_files: 1,
        ..options()
    }
}

#[test]
fn a_second_run_replaces_the_files_of_the_first_only_when_complete() {
    let folder = Folder::new("replace");
    let lake = Lake::create(&folder.0, one_file()).unwrap();
    for _ in 0..3 {
        lake.write("a", rows(&[1, 2])).unwrap();
        // Alternating days instead of streams, so that one worker sees them in this order.
        lake.write("a", rows(&[DAY])).unwrap();
    }
    assert_eq!(lake.finish().unwrap().len(), 6);
    let first_day = folder.0.join("stream=a/site=plant/date=1970-01-01");
    fs::write(first_day.join("other-00000.parquet"), b"of another capture").unwrap();
    fs::write(
        first_day.join(".run-00009.parquet.tmp"),
        b"of a run that was killed",
    )
    .unwrap();
    let before = files(&folder.0);

    let lake = Lake::create(&folder.0, one_file()).unwrap();
    for day in [0, DAY, 0, DAY] {
        lake.write("a", rows(&[day, day, day])).unwrap();
    }
    let visible = |all: Vec<String>| {
        all.into_iter()
            .filter(|f| !f.ends_with(".tmp"))
            .collect::<Vec<_>>()
    };
    assert_eq!(visible(files(&folder.0)), visible(before));
    assert!(read(&first_day.join("run-00000.parquet")).num_rows() == 2);
    let written = lake.finish().unwrap();
    assert_eq!(written.iter().map(|w| w.rows).collect::<Vec<_>>(), [3, 3, 3, 3]);
    assert_eq!(
        files(&first_day),
        ["other-00000.parquet", "run-00000.parquet", "run-00001.parquet"]
    );
    assert_eq!(read(&first_day.join("run-00000.parquet")).num_rows(), 3);
}

#[test]
fn abort_and_drop_leave_nothing() {
    let folder = Folder::new("abort");
    let root = folder.0.join("new/lake");
    for aborts in [true, false] {
        let lake = Lake::create(&root, options()).unwrap();
        lake.write("a", rows(&[1, DAY, 3 * DAY])).unwrap();
        if aborts {
            lake.abort()
        } else {
            drop(lake)
        }
        assert_eq!(tree(&folder.0), Vec::<String>::new());
    }
}

#[test]
fn a_sealed_lake_takes_nothing_more_and_shows_its_rows_at_the_end() {
    let folder = Folder::new("sealed");
    let lake = Lake::create(&folder.0, options()).unwrap();
    lake.write("a", rows(&[1, 2, 3])).unwrap();
    lake.seal();
    assert!(matches!(
        lake.write("a", rows(&[4])),
        Err(LakeError::Worker { .. })
    ));
    let shown = |all: Vec<String>| all.into_iter().filter(|f| f.ends_with(".parquet")).count();
    assert_eq!(shown(files(&folder.0)), 0);
    assert_eq!(lake.finish().unwrap()[0].rows, 3);

    let folder = Folder::new("sealed-aborted");
    let lake = Lake::create(&folder.0, options()).unwrap();
    lake.write("a", rows(&[1, 2, 3])).unwrap();
    lake.seal();
    lake.abort();
    assert_eq!(tree(&folder.0), Vec::<String>::new());
}

#[test]
fn abort_keeps_files_that_are_already_visible() {
    let folder = Folder::new("abort-keeps");
    let lake = Lake::create(
        &folder.0,
        Options {
            queue_batches: 1,
            ..one_file()
        },
    )
    .unwrap();
    for day in 0..4 {
        lake.write("a", rows(&[day * DAY])).unwrap(); // Returns when the batch before is written.
    }
    lake.abort();
    let found = files(&folder.0);
    assert!(found.contains(&"stream=a/site=plant/date=1970-01-01/run-00000.parquet".to_owned()));
    for file in &found {
        assert_eq!(read(&folder.0.join(file)).num_rows(), 1);
    }
}

#[test]
fn few_open_files_and_many_streams_lose_no_row() {
    let folder = Folder::new("many");
    let lake = Lake::create(
        &folder.0,
        Options {
            max_open_files: 3,
            ..options()
        },
    )
    .unwrap();
    for round in 0..5 {
        for stream in ["a", "b", "c", "d", "e"] {
            lake.write(stream, rows(&[round, DAY + round, round])).unwrap();
        }
    }
    let written = lake.finish().unwrap();
    assert_eq!(written.iter().map(|w| w.rows).sum::<u64>(), 75);
    assert!(written.iter().all(|w| read(&w.path).num_rows() as u64 == w.rows));
}

#[test]
fn a_change_of_columns_begins_a_new_file() {
    let folder = Folder::new("columns");
    let lake = Lake::create(&folder.0, options()).unwrap();
    lake.write("a", rows(&[1])).unwrap();
    let fewer = rows(&[2, 3]).project(&[0]).unwrap();
    lake.write("a", fewer).unwrap();
    let written = lake.finish().unwrap();
    let shapes: Vec<_> = written
        .iter()
        .map(|w| (w.rows, read(&w.path).num_columns()))
        .collect();
    assert_eq!(shapes, [(1, 2), (2, 1)]);
}

#[test]
fn an_error_of_a_worker_surfaces() {
    let folder = Folder::new("worker");
    let lake = Lake::create(&folder.0, options()).unwrap();
    fs::write(folder.0.join("stream=a"), b"in the way").unwrap();
    let mut outcome = Ok(());
    for _ in 0..1000 {
        outcome = lake.write("a", rows(&[1]));
        if outcome.is_err() {
            break;
        }
    }
    let error = outcome.unwrap_err();
    assert!(matches!(error, LakeError::NotAFolder { .. }), "{error}");
    assert_eq!(lake.finish().unwrap_err().to_string(), error.to_string());
    assert_eq!(files(&folder.0), ["stream=a"]);
}

#[test]
fn batches_that_cannot_be_stored_are_refused() {
    let folder = Folder::new("refused");
    let lake = Lake::create(&folder.0, options()).unwrap();
    let n: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let told = |column: &str| {
        let batch = RecordBatch::try_from_iter([(column, n.clone())]).unwrap();
        let lake = Lake::create(&folder.0, options()).unwrap();
        lake.write("a", batch)
            .and_then(|()| lake.finish().map(|_| ()))
            .unwrap_err()
            .to_string()
    };
    assert!(told("n").contains("there is no column ts"));
    assert!(told("ts").contains("must be Timestamp(Nanosecond, \"UTC\")"));
    let odd: ArrayRef = Arc::new(arrow_array::Decimal128Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("price", odd)]).unwrap();
    assert!(
        lake.write("a", batch)
            .unwrap_err()
            .to_string()
            .contains("column price has type Decimal128")
    );
    for name in ["", "../etc", "a/b", ".hidden", "a=b"] {
        assert!(
            matches!(lake.write(name, rows(&[1])), Err(LakeError::Setting { .. })),
            "{name}"
        );
        assert!(Lake::create(&folder.0, Options::new(name, "p")).is_err());
        assert!(Lake::create(&folder.0, Options::new("s", name)).is_err());
    }
    let level = Options {
        compression: Compression::Zstd(99),
        ..options()
    };
    assert!(Lake::create(&folder.0, level).is_err());
    assert_eq!(lake.finish().unwrap(), []);
}

#[test]
fn a_file_as_root_and_a_folder_without_right_are_told_at_once() {
    let folder = Folder::new("root");
    let file = folder.0.join("file");
    fs::write(&file, b"").unwrap();
    for root in [file.clone(), file.join("below")] {
        let error = Lake::create(&root, options()).err().unwrap();
        assert!(matches!(error, LakeError::NotAFolder { .. }), "{error}");
        assert!(error.to_string().contains("file"), "{error}");
    }
    let Some(mount) = Mount::new("read-only", "ro,size=1m") else {
        return;
    };
    let error = Lake::create(&mount.0.0, options()).err().unwrap();
    assert!(matches!(error, LakeError::Permission { .. }), "{error}");
    assert!(
        error.to_string().contains(&mount.0.0.display().to_string()),
        "{error}"
    );
}

#[test]
fn a_full_device_keeps_what_is_finished_and_says_so() {
    let Some(mount) = Mount::new("full", "size=1m") else {
        return;
    };
    let root = mount.0.0.join("lake");
    let lake = Lake::create(
        &root,
        Options {
            queue_batches: 1,
            row_group_rows: 50_000,
            ..one_file()
        },
    )
    .unwrap();
    lake.write("a", rows(&[1, 2, 3])).unwrap();
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        (state >> 1) as i64 % DAY
    };
    let mut outcome = Ok(());
    for _ in 0..40 {
        let times: Vec<i64> = (0..50_000).map(|_| DAY + noise()).collect();
        outcome = lake.write("a", rows(&times));
        if outcome.is_err() {
            break;
        }
    }
    let error = outcome.and_then(|()| lake.finish().map(|_| ())).unwrap_err();
    assert!(
        matches!(
            error,
            LakeError::NoSpace {
                rows: 3,
                files: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("3 rows kept in 1 finished file; free space and run again"),
        "{error}"
    );
    assert_eq!(
        files(&root),
        ["stream=a/site=plant/date=1970-01-01/run-00000.parquet"]
    );
    assert_eq!(
        read(&root.join("stream=a/site=plant/date=1970-01-01/run-00000.parquet")).num_rows(),
        3
    );
}

#[test]
fn a_flush_makes_rows_visible_and_writing_goes_on_in_new_files() {
    let folder = Folder::new("flush");
    let live = Options {
        keep_earlier: true,
        ..options()
    };
    let day = folder.0.join("stream=a/site=plant/date=1970-01-01");
    for run in 0..2u32 {
        let lake = Lake::create(&folder.0, live.clone()).unwrap();
        for n in 0..3u32 {
            lake.write("a", rows(&[1, 2])).unwrap();
            let written = lake.flush().unwrap();
            assert_eq!(written.len(), 1);
            let number = run * 4 + n;
            assert_eq!(written[0].path, day.join(format!("run-{number:05}.parquet")));
            assert_eq!(read(&written[0].path).num_rows(), 2);
        }
        assert_eq!(lake.flush().unwrap(), []);
        lake.write("a", rows(&[3])).unwrap();
        assert_eq!(lake.finish().unwrap().len(), 1);
    }
    assert_eq!(
        files(&folder.0).len(),
        8,
        "nothing was replaced, nothing half-written is left"
    );
}

/// What compaction leaves of files 0 to 41, and a name wider than five digits.
#[test]
fn numbers_go_on_behind_merged_files() {
    let live = Options {
        keep_earlier: true,
        ..options()
    };
    for (there, next) in [
        (
            &["run-00000~00041.parquet", "run-00042.parquet"][..],
            "run-00043.parquet",
        ),
        (
            &["run-00000~00041.parquet", "run-00007.parquet"],
            "run-00042.parquet",
        ),
        (&["run-99990~100000.parquet"], "run-100001.parquet"),
        (&["run-4294967295.parquet"], "run-4294967296.parquet"),
        (
            &["other-00000~00041.parquet", "run-00001~x.parquet"],
            "run-00000.parquet",
        ),
    ] {
        let folder = Folder::new("merged");
        let day = folder.0.join("stream=a/site=plant/date=1970-01-01");
        fs::create_dir_all(&day).unwrap();
        for name in there {
            fs::write(day.join(name), b"of an earlier run").unwrap();
        }
        let lake = Lake::create(&folder.0, live.clone()).unwrap();
        lake.write("a", rows(&[1, 2])).unwrap();
        assert_eq!(lake.flush().unwrap()[0].path, day.join(next), "{there:?}");
        drop(lake);
        assert_eq!(files(&day).len(), there.len() + 1);
    }
}

#[test]
fn a_run_that_replaces_an_earlier_one_replaces_its_merged_files_too() {
    let folder = Folder::new("replace-merged");
    let day = folder.0.join("stream=a/site=plant/date=1970-01-01");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("run-00000~00041.parquet"), b"of an earlier run").unwrap();
    let lake = Lake::create(&folder.0, options()).unwrap();
    lake.write("a", rows(&[1])).unwrap();
    lake.finish().unwrap();
    assert_eq!(files(&day), ["run-00000.parquet"]);
}

/// Retention takes whole days; a late record of such a day is no reason to stop listening.
#[test]
fn a_folder_that_went_is_made_again() {
    let folder = Folder::new("went");
    let live = Options {
        keep_earlier: true,
        ..options()
    };
    let lake = Lake::create(&folder.0, live).unwrap();
    lake.write("a", rows(&[1])).unwrap();
    lake.flush().unwrap();
    fs::remove_dir_all(folder.0.join("stream=a/site=plant")).unwrap();
    lake.write("a", rows(&[2])).unwrap();
    assert_eq!(lake.flush().unwrap().len(), 1);
    assert_eq!(lake.finish().unwrap(), []);
}

#[test]
fn what_was_not_waited_for_is_written_in_order() {
    let folder = Folder::new("last");
    let lake = Lake::create(&folder.0, options()).unwrap();
    for n in 0..200 {
        lake.write_last("a", rows(&[n])).unwrap();
    }
    lake.seal();
    let files = lake.finish().unwrap();
    assert_eq!(
        read(&files[0].path).column(0).as_ref(),
        rows(&(0..200).collect::<Vec<_>>()).column(0).as_ref()
    );
}
