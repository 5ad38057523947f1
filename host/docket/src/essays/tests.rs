//! Good input, and a table of bad.

use super::*;
use std::fs;

fn scale() -> Scale {
    Scale::by_id("swedish_8_anchor").unwrap()
}

/// The essays and problems of these files; the first is the input, one named `anchors.csv` has the grades.
fn input(files: &[(&str, &[u8])]) -> (Vec<Essay>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let first = files[0].0;
    let path = dir.path().join(first.split('/').next().unwrap());
    let mut problems = Problems::default();
    let mut essays = read(&path, &scale(), &mut problems);
    if files.iter().any(|(name, _)| *name == "anchors.csv") {
        grades(&dir.path().join("anchors.csv"), &scale(), &mut essays, &mut problems);
    }
    let prefix = format!("{}/", dir.path().display());
    (essays, problems.to_string().lines().map(|line| line.replace(&prefix, "")).collect())
}

fn short(essays: &[Essay]) -> Vec<(&str, &str, Option<&str>)> {
    essays.iter().map(|e| (e.id.as_str(), e.text.as_str(), e.anchor_grade.as_deref())).collect()
}

#[test]
fn the_same_essays_are_read_from_every_kind_of_input() {
    let expected = [("a", "one, two", Some("B")), ("b", "three\nfour", None)];
    let csv = "\u{feff}Grade,ID,Text\nB,a,\"one, two\"\n,b,\"three\nfour\"\n";
    let semicolons = "id;text;grade\na;one, two;B\nb;\"three\nfour\";\n";
    let jsonl =
        "{\"id\":\"a\",\"text\":\"one, two\",\"grade\":\"B\"}\n\n{\"id\":\"b\",\"text\":\"three\\nfour\"}\n";
    for files in [
        &[("x.csv", csv.as_bytes())][..],
        &[("x.csv", semicolons.as_bytes())],
        &[("x.jsonl", jsonl.as_bytes())],
        &[
            ("x/b.md", b"three\nfour\n"),
            ("x/a.txt", b"one, two\n"),
            ("x/README.md", b"no essay"),
            ("x/index.txt", b"a.txt"),
            ("x/picture.png", b"\xff"),
            ("anchors.csv", b"essay,grade\na,B\n"),
        ],
    ] {
        let (essays, problems) = input(files);
        assert_eq!(problems, [""; 0], "{}", files[0].0);
        assert_eq!(short(&essays), expected, "{}", files[0].0);
    }
}

#[test]
fn grades_may_be_numbers_in_json() {
    let (_, problems) =
        input(&[("x.jsonl", b"{\"id\":\"a\",\"text\":\"t\",\"grade\":5}\n{\"id\":\"b\",\"text\":\"u\"}")]);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("no grade `5`")
            && problems[0].contains("--scale eng5_np_national_9_step has it"),
        "{problems:?}"
    );
}

/// Files, and how each problem that they have begins, all of them and in this order.
type Bad = (&'static [(&'static str, &'static [u8])], &'static [&'static str]);

const BAD: &[Bad] = &[
    (&[("x.csv", b"")], &["x.csv:1: the first line must name the columns id and text"]),
    (&[("x.csv", b"name,essay\na,b\n")], &["x.csv:1: the first line must name the columns id and text, and perhaps grade; it says: name, essay"]),
    (&[("x.csv", b"id,text\na,one\n")], &["x.csv: there are 1 essays"]),
    (
        &[("x.csv", b"id,text,grade\na,one,Q\na,two,\n,three,\nb,  ,\nc,\xff,\nd,x\ne,good,A\n")],
        &[
            "x.csv:6: this is not UTF-8",
            "x.csv:7: this row has 2 cells, the header has 3",
            "x.csv:2: the scale swedish_8_anchor has no grade `Q`",
            "x.csv:3: the id `a` is used before, at x.csv:2",
            "x.csv:4: the essay has no id",
            "x.csv:5: the essay is empty",
        ],
    ),
    (
        &[("x.jsonl", b"{\"id\":\"a\"}\nno json\n{\"id\":\"a\",\"text\":\"\xff\"}\n{\"id\":\"a\",\"text\":\"t\",\"colour\":1}\n{\"id\":\"b\",\"text\":\"\"}\n")],
        &[
            "x.jsonl:1: this is not {\"id\": ..., \"text\": ..., \"grade\": ...}: missing field `text`",
            "x.jsonl:2: this is not",
            "x.jsonl:3: this is not UTF-8",
            "x.jsonl:4: this is not {\"id\": ..., \"text\": ..., \"grade\": ...}: unknown field `colour`",
            "x.jsonl:5: the essay is empty",
        ],
    ),
    (
        &[("x/a.md", b"good"), ("x/a.txt", b"good"), ("x/b.txt", b" \n"), ("x/c.txt", b"one\ntwo\n\xff")],
        &["x/c.txt:3: this is not UTF-8", "x/a.txt: the id `a` is used before, at x/a.md", "x/b.txt: the essay is empty"],
    ),
    (&[("x/README.md", b"no essay")], &["x: there is no .txt or .md file in this folder"]),
    (&[("x.pdf", b"%PDF")], &["x.pdf: essays are a folder"]),
    (
        &[
            ("x.csv", b"id,text,grade\na,one,A\nb,two,\n"),
            ("anchors.csv", b"essay,grade\nb,A\nzebra,A\nb,C\na,C\n"),
        ],
        &[
            "anchors.csv:3: there is no essay `zebra`",
            "anchors.csv:4: `b` has a grade in line 2 already",
            "anchors.csv:5: `a` has the grade A where its text is, and C here",
        ],
    ),
    (
        &[("x.csv", b"id,text\na,one\nb,two\n"), ("anchors.csv", b"essay,grade\na,1\nb,\n")],
        &["anchors.csv:2: the scale swedish_8_anchor has no grade `1`", "anchors.csv:3: the scale swedish_8_anchor has no grade ``"],
    ),
    (
        &[("x.csv", b"id,text\na,one\nb,two\n"), ("anchors.csv", b"name,mark\na,1\n")],
        &["anchors.csv:1: the first line must name the columns essay and grade; it says: name, mark"],
    ),
    (&[("x.csv", b"id,text\na,one\nb,two\n"), ("anchors.csv", b"essay,grade\n")], &["anchors.csv: there is no grade"]),
];

#[test]
fn all_that_is_wrong_is_named_with_its_place() {
    for (files, expected) in BAD {
        let (_, problems) = input(files);
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(*expected) {
            assert!(problem.starts_with(start), "{problem}\nshould be\n{start}");
        }
    }
}

#[test]
fn an_essay_has_a_largest_length_and_a_file_must_be_there() {
    let long = [b"id,text\na,".as_slice(), &vec![b'x'; MAX_BYTES + 1], b"\nb,two\n"].concat();
    let (_, problems) = input(&[("x.csv", &long)]);
    assert_eq!(problems, ["x.csv:2: the essay is longer than 1048576 bytes"]);
    let mut problems = Problems::default();
    read(Path::new("/nowhere/at/all.csv"), &scale(), &mut problems);
    assert_eq!(problems.to_string(), "/nowhere/at/all.csv: there is no such folder or file");
}
