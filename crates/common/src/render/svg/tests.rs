use super::*;

fn chart() -> Chart {
    Chart {
        id: "rate",
        title: "Requests <per> second".to_owned(),
        description: "Up to 50 & more.".to_owned(),
        x: Axis::time(60.0),
        y: Axis::up_to(48.0),
        lines: vec![
            Line::new(
                "good",
                vec![(0.0, Some(0.0)), (30.0, Some(50.0)), (60.0, Some(25.0))],
            )
            .filled(),
            Line::new(
                "bad",
                vec![(0.0, Some(1.0)), (10.0, None), (20.0, Some(2.0))],
            ),
        ],
        shades: vec![Shade {
            name: "away".to_owned(),
            from: 10.0,
            to: 12.0,
        }],
    }
}

#[test]
fn a_chart_is_named_described_and_escaped() {
    let text = figure(&chart()).into_string();
    assert!(
        text.contains(r#"role="img" aria-labelledby="rate-title rate-desc""#),
        "{text}"
    );
    assert!(text.contains("<title id=\"rate-title\">Requests &lt;per&gt; second</title>"));
    assert!(text.contains("<desc id=\"rate-desc\">Up to 50 &amp; more.</desc>"));
}

#[test]
fn lines_go_through_their_points_and_stop_at_gaps() {
    let text = figure(&chart()).into_string();
    // 920 wide from 56, 222 high from 234 up to 12.
    assert!(text.contains(r#"d="M56 234L516 12 976 123""#), "{text}");
    assert!(
        text.contains(r#"d="M56 234L56 234L516 12 976 123L976 234z""#),
        "{text}"
    );
    assert!(
        text.contains(r#"d="M56 229.6m-1.5 0h3M362.7 225.1m-1.5 0h3""#),
        "{text}"
    );
}

#[test]
fn labels_are_round() {
    let labels = |axis: Axis| {
        let ticks = ticks::of(axis);
        let labels: Vec<String> = ticks.into_iter().map(|it| it.1).collect();
        labels.join(" | ")
    };
    assert_eq!(labels(Axis::up_to(48.0)), "0 | 10 | 20 | 30 | 40 | 50");
    assert_eq!(
        labels(Axis::up_to(0.0)),
        "0 | 0.200 | 0.400 | 0.600 | 0.800 | 1"
    );
    assert_eq!(
        labels(Axis::time(60.0)),
        "0 s | 10 s | 20 s | 30 s | 40 s | 50 s | 60 s"
    );
    assert_eq!(
        labels(Axis::time(3600.0)),
        "0:00 | 10:00 | 20:00 | 30:00 | 40:00 | 50:00 | 60:00"
    );
    assert_eq!(
        labels(Axis::around(0.8, 9000.0)),
        "1 | 10 | 100 | 1,000 | 10,000"
    );
    assert_eq!(labels(Axis::around(21.0, 90.0)), "20 | 50 | 100");
    assert_eq!(
        labels(Axis::nines(5000.0)),
        "0 % | 50 % | 90 % | 99 % | 99.9 %"
    );
}

#[test]
fn ends_of_logarithmic_axes_enclose_their_values() {
    for (low, high) in [
        (0.03, 0.04),
        (1.0, 1.0),
        (0.9, 1100.0),
        (5.0, 50.0),
        (0.0, 7.0),
    ] {
        let axis = Axis::around(low, high);
        assert!(
            axis.low <= low.max(0.001) && axis.high >= high && axis.low < axis.high,
            "{axis:?}"
        );
        assert!(ticks::of(axis).len() >= 2, "{axis:?}");
    }
}

#[test]
fn values_beyond_the_ends_stay_inside() {
    let placed = Axis::up_to(10.0).on(0.0, 100.0);
    assert!((placed.place(1e9) - 100.0).abs() < 1e-9);
    assert!(placed.place(-5.0).abs() < 1e-9);
}
