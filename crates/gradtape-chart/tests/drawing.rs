//! Charts on every surface, also those that no picture can be made of.

mod xml;

use gradtape_chart::{
    Arrow, Axis, Band, Bars, COLOURS, Chart, Contour, Dash, Dots, GREY, Grid, Line, Mark, Panel,
    extent, extent_without_outliers,
};
use xml::assert_xml;

fn line(points: &[(f64, f64)]) -> Line {
    Line { points: points.to_vec(), colour: COLOURS[0], ..Line::default() }
}

fn panel(marks: Vec<Mark>) -> Panel {
    Panel { x: Axis::new("x", 0.0, 1.0), y: Axis::new("y", 0.0, 1.0), equal: false, marks }
}

fn chart(title: &str, panels: Vec<Panel>) -> Chart {
    Chart { title: title.to_string(), panels }
}

/// One of each mark.
fn marks() -> Vec<Mark> {
    let up = [(0.1, 0.1), (0.9, 0.9)];
    vec![
        Mark::Line(Line { label: "plain".into(), ..line(&up) }),
        Mark::Line(Line {
            label: "dashed".into(),
            dash: Dash::Short,
            colour: COLOURS[1],
            ..line(&up)
        }),
        Mark::Line(Line { dots: true, colour: COLOURS[2], ..line(&up) }),
        Mark::Contour(Contour { level: 0.5, lines: vec![up.to_vec()], colour: GREY }),
        Mark::Arrows(vec![Arrow { from: (0.2, 0.8), to: (0.4, 0.8) }]),
        Mark::Point((0.5, 0.2), COLOURS[3]),
        Mark::Dots(Dots { points: up.to_vec(), label: "points".into(), ..Dots::default() }),
        Mark::Dots(Dots {
            points: up.to_vec(),
            large: true,
            label: "kept".into(),
            ..Dots::default()
        }),
        Mark::Bars(Bars { bars: vec![(0.0, 0.5, 0.3)], label: "bars".into(), ..Bars::default() }),
        Mark::Bars(Bars { bars: vec![(0.5, 1.0, 0.3)], hollow: true, ..Bars::default() }),
        Mark::Band(Band { points: vec![(0.1, 0.2, 0.3), (0.9, 0.7, 0.9)], colour: GREY }),
    ]
}

/// What every surface must hold to, whatever is drawn.
fn assert_drawn(what: &str, chart: &Chart) {
    let svg = chart.svg().unwrap();
    assert_xml(&svg);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{what}");
    assert_eq!(svg, chart.svg().unwrap(), "{what}: the same bytes");
    assert!(chart.html().unwrap().contains(&svg), "{what}");
    for (columns, rows) in [(80, 23), (0, 0), (usize::MAX, usize::MAX)] {
        let text = chart.terminal(columns, rows, true).unwrap();
        assert_eq!(text.lines().count(), rows.clamp(10, 200), "{what}");
        let plain = chart.terminal(columns, rows, false).unwrap();
        let most = columns.clamp(30, 400);
        assert!(plain.lines().all(|line| line.chars().count() <= most), "{what}");
        assert!(!plain.contains('\x1b'), "{what}: no colours were asked for");
    }
}

/// Of points in one place, each is seen around those that are drawn later.
#[test]
fn points_in_one_place_are_rings_around_each_other() {
    let points = (0..4).map(|number| Mark::Point((0.5, 0.5), COLOURS[number])).collect();
    let apart = [Mark::Point((0.2, 0.2), COLOURS[4]), Mark::Point((0.8, 0.8), COLOURS[5])];
    let svg = chart("", vec![panel([points, apart.to_vec()].concat())]).svg().unwrap();
    let number = |text: &str, name: &str| -> f64 {
        let rest = text.split_once(&format!(" {name}=\"")).unwrap().1;
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let circles = svg.split("<circle").skip(1);
    let circles: Vec<(f64, f64)> =
        circles.map(|own| (number(own, "cx"), number(own, "r"))).collect();
    // A white ring and a colour for each.
    let radii = |from: usize, count: usize| {
        circles[from..].iter().skip(1).step_by(2).take(count).map(|circle| circle.1)
    };
    let together: Vec<f64> = radii(0, 4).collect();
    let white: Vec<f64> = circles.iter().step_by(2).take(4).map(|circle| circle.1).collect();
    for pair in [0, 1, 2] {
        assert!(together[pair] > white[pair + 1], "{together:?} {white:?}");
    }
    assert!(radii(8, 2).all(|r| r == together[3]), "{circles:?}");
}

#[test]
fn every_mark_is_on_every_surface() {
    let chart = chart("a < b", vec![panel(marks())]);
    assert_drawn("all marks", &chart);
    let svg = chart.svg().unwrap();
    assert!(svg.contains("stroke-dasharray=\"70 50\""), "the dashed line and its sample");
    for part in [
        "<title>a &lt; b</title>",
        ">\nplain\n<",
        ">\ndashed\n<",
        ">\nbars\n<",
        "<circle",
        "<polygon",
    ] {
        assert!(svg.contains(part), "{part:?} is not in:\n{svg}");
    }
    let text = chart.terminal(60, 20, false).unwrap();
    for part in ["a < b", "plain", "dashed", "●", "→", "0.5"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn dashes_differ_where_colours_are_off() {
    let drawn = |dash: Dash| {
        let dashed = Line { label: "a".into(), dash, ..line(&[(0.0, 0.5), (1.0, 0.5)]) };
        let text =
            chart("", vec![panel(vec![Mark::Line(dashed)])]).terminal(60, 12, false).unwrap();
        let is_flat = |line: &&str| line.contains('⠤') || line.contains('⠒') || line.contains('⣀');
        let key = text.lines().next().unwrap().trim().to_string();
        let row = text.lines().skip(1).find(is_flat).unwrap().to_string();
        (key, row)
    };
    let all = Dash::ALL.map(drawn);
    for (number, (key, row)) in all.iter().enumerate() {
        for (other_key, other_row) in &all[..number] {
            assert_ne!(key, other_key);
            assert_ne!(row, other_row);
        }
    }
    // By the numbers of Line::nth, of which colours differ.
    let dashes = [0, 1, 2, 3].map(|number| Line::nth(number).dash);
    assert_eq!(dashes, [Dash::None, Dash::Long, Dash::Short, Dash::Dots]);
}

#[test]
fn only_dashed_lines_have_dashes() {
    // Dashes are told by the widths of lines in the picture, which nothing else may have.
    let whole: Vec<Mark> = marks()
        .into_iter()
        .map(|mark| match mark {
            Mark::Line(line) => Mark::Line(Line {
                dash: Dash::None,
                label: "stroke-width=\"21\" stroke-width=\"13\"".into(),
                ..line
            }),
            other => other,
        })
        .collect();
    let thin = Mark::Line(Line { thin: true, ..line(&[(0.0, 0.0), (1.0, 1.0)]) });
    let svg = chart("a", vec![panel([whole, vec![thin]].concat())]).svg().unwrap();
    assert!(svg.contains("stroke-width=\"20\"") && svg.contains("stroke-width=\"12\""));
    assert!(!svg.contains("stroke-dasharray"), "{svg}");
    let written = [
        (Dash::Long, "140 50"),
        (Dash::Short, "70 50"),
        (Dash::Dots, "10 40"),
        (Dash::DashDot, "120 40 10 40"),
        (Dash::DashTwoDots, "120 40 10 40 10 40"),
    ];
    for (dash, written) in written {
        for (thin, width) in [(false, 20), (true, 12)] {
            let dashed = Line { dash, thin, ..line(&[(0.0, 0.0), (1.0, 1.0)]) };
            let svg = chart("", vec![panel(vec![Mark::Line(dashed)])]).svg().unwrap();
            let wanted = format!("stroke-width=\"{width}\" stroke-dasharray=\"{written}\"");
            assert_eq!(svg.matches(&wanted).count(), 1, "{dash:?}");
            assert_eq!(svg.matches("stroke-dasharray").count(), 1, "{dash:?}");
        }
    }
}

/// The corners of the polygons of a picture, in its tenths of pixels.
fn polygons(points: &[(f64, f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let band = Mark::Band(Band { points: points.to_vec(), colour: GREY });
    let panel = Panel { x: Axis::new("x", 10.0, 20.0), ..panel(vec![band]) };
    let svg = chart("", vec![panel]).svg().unwrap();
    let corner = |corner: &str| {
        let (x, y) = corner.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    svg.split("<polygon")
        .skip(1)
        .map(|rest| {
            let points = rest.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
            points.split_whitespace().map(corner).collect()
        })
        .collect()
}

#[test]
fn bands_are_cut_at_the_frame() {
    // From 0 to 15 it rises by 0.6: it comes in at 10 with two thirds of that.
    let found = polygons(&[(0.0, 0.0, 0.3), (15.0, 0.6, 0.9)]);
    let same = polygons(&[(10.0, 0.4, 0.7), (15.0, 0.6, 0.9)]);
    assert_eq!((found.len(), same.len()), (1, 1));
    let sorted = |corners: &[(f64, f64)]| {
        let mut corners = corners.to_vec();
        corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
        corners
    };
    assert_eq!(sorted(&found[0]), sorted(&same[0]));
    assert!(polygons(&[(0.0, 0.0, 0.3), (9.0, 0.6, 0.9)]).is_empty());
    assert!(polygons(&[(12.0, 1.2, 1.3), (19.0, 1.6, 1.9)]).is_empty());
}

#[test]
fn bands_have_a_gap_where_an_end_is_no_number() {
    let known = [(10.0, 0.2, 0.4), (12.0, 0.3, 0.5), (16.0, 0.4, 0.6), (18.0, 0.5, 0.7)];
    let gap = [&known[..2], &[(14.0, f64::NAN, 0.5)], &known[2..]].concat();
    let apart = [polygons(&known[..2]), polygons(&known[2..])].concat();
    assert_eq!((polygons(&gap), apart.len()), (apart, 2));
}

#[test]
fn a_page_needs_nothing_beside_itself() {
    let page = chart("a < b", vec![panel(marks())]).html().unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<title>a &lt; b</title>"));
    for outside in ["src=", "href=", "@import", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn pictures_are_dark_where_pages_are() {
    let svg = chart("a", vec![panel(marks())]).svg().unwrap();
    assert!(svg.contains("@media screen and (prefers-color-scheme: dark)"));
    let (_, rules) = svg.split_once("<style>").unwrap();
    let (rules, body) = rules.split_once("</style>").unwrap();
    for name in ["fill", "stroke"] {
        for value in body.split(&format!(" {name}=\"")).skip(1) {
            let value = value.split('"').next().unwrap();
            let rule = format!("[{name}='{value}']");
            assert!(value == "none" || rules.contains(&rule), "{rule} is not in {rules}");
        }
    }
    assert!(rules.contains(".chart [fill='#FFFFFF'] { fill: #10161F; }"), "{rules}");
}

#[test]
fn figures_of_a_page_are_as_wide_as_a_phone() {
    let named = |name: &str| Panel { y: Axis::new(name, 0.0, 1.0), ..panel(marks()) };
    let figures = chart("a < b", vec![named("loss"), named("accuracy")]).figures().unwrap();
    assert_eq!(figures.len(), 2);
    for (figure, name) in figures.iter().zip(["loss", "accuracy"]) {
        assert_xml(figure);
        assert!(figure.contains("width=\"350\"") && figure.contains(&format!("a &lt; b: {name}")));
    }
}

#[test]
fn axes_without_ends_are_drawn() {
    let ends = [0.0, 1.0, -1.0, 1e-320, 1e308, f64::MAX, f64::NAN, f64::INFINITY, -f64::INFINITY];
    for low in ends {
        for high in ends {
            for log in [false, true] {
                let axis = Axis { log, ..Axis::new("x", low, high) };
                let panel = Panel { x: axis.clone(), y: axis.clone(), equal: true, marks: marks() };
                assert_drawn(&format!("{axis:?}"), &chart("", vec![panel]));
                for most in [0, 1, 2, 9, 1000] {
                    let ticks = axis.ticks(most);
                    assert!(ticks.len() <= most && ticks.iter().all(|tick| tick.is_finite()));
                }
            }
        }
    }
}

#[test]
fn marks_that_are_no_numbers_leave_the_others_in_place() {
    let odd = [f64::NAN, f64::INFINITY, -f64::INFINITY, f64::MAX, -f64::MAX];
    let places: Vec<(f64, f64)> = odd.iter().flat_map(|&x| odd.map(|y| (x, y))).collect();
    let mut all = marks();
    all.push(Mark::Line(Line { dots: true, dash: Dash::Long, ..line(&places) }));
    all.push(Mark::Line(Line::default()));
    all.push(Mark::Contour(Contour { level: f64::NAN, lines: vec![places.clone()], colour: GREY }));
    all.push(Mark::Arrows(places.iter().map(|&at| Arrow { from: at, to: (0.5, 0.5) }).collect()));
    all.extend(places.iter().map(|&at| Mark::Point(at, GREY)));
    let pairs = |high: f64| places.iter().map(move |&(x, y)| (x, y, high)).collect::<Vec<_>>();
    all.extend([0.5, f64::NAN].map(|high| Mark::Band(Band { points: pairs(high), colour: GREY })));
    all.extend(
        [0.5, f64::INFINITY].map(|high| Mark::Bars(Bars { bars: pairs(high), ..Bars::default() })),
    );
    all.push(Mark::Dots(Dots { points: places, ..Dots::default() }));
    let with = chart("", vec![panel(all)]);
    assert_drawn("odd marks", &with);
    assert!(with.svg().unwrap().contains("<polygon"), "the arrow among numbers is drawn");
}

#[test]
fn pictures_of_nothing_and_of_much_are_drawn() {
    assert_drawn("no panel", &Chart::default());
    assert_drawn("no mark", &chart("", vec![panel(Vec::new())]));
    let long = "w".repeat(3_000_000);
    let named = Panel {
        x: Axis::new(&*long, 0.0, 1.0),
        y: Axis::new(&*long, 0.0, 1.0),
        ..panel(vec![Mark::Line(Line { label: long.clone(), ..line(&[(0.0, 0.0), (1.0, 1.0)]) })])
    };
    let words = chart(&long, vec![named]);
    assert_drawn("long words", &words);
    let texts = words.svg().unwrap();
    assert!(texts.split("</title>").nth(1).unwrap().len() < 20_000, "they are cut");
    let many = chart("", vec![panel(vec![Mark::Point((0.5, 0.5), GREY)]); 700]);
    assert_xml(&many.svg().unwrap());
    assert_eq!(many.terminal(80, 24, false).unwrap().lines().count(), 24);
    let control = chart("a\u{0}b\tc\u{1b}[31m", vec![panel(Vec::new())]);
    assert!(!control.svg().unwrap().contains(|c: char| c.is_control() && c != '\n'));
}

#[test]
fn series_choose_their_axes() {
    let panel = Panel::series("epoch", "loss", [("train", vec![4.0, 2.0, 1.0])]);
    assert_eq!((panel.x.low, panel.x.high, &*panel.x.name), (1.0, 3.0, "epoch"));
    assert_eq!((panel.y.log, &*panel.y.name), (false, "loss"));
    assert!(panel.y.low < 1.0 && panel.y.high > 4.0, "room around the curves");
    let falling = Panel::series("epoch", "loss", [("train", [4.0, 0.04])]);
    assert!(falling.y.log && falling.y.name == "loss (logarithmic)");
    let to_zero = Panel::series("epoch", "loss", [("train", [4.0, 0.0])]);
    assert!(!to_zero.y.log, "0 has no logarithm");
}

#[test]
fn series_leave_out_what_was_not_measured() {
    let rows = [("a", vec![1.0]), ("b", vec![f64::NAN; 4]), ("c", vec![f64::NAN, 2.0, 1e301])];
    let panel = Panel::series("epoch", "", rows);
    let [Mark::Line(a), Mark::Line(c)] = panel.marks.as_slice() else { panic!("{panel:?}") };
    assert_eq!((a.colour, c.colour), (COLOURS[0], COLOURS[2]), "each keeps its colour");
    assert_eq!(c.points[1], (2.0, 2.0));
    assert!(c.points[0].1.is_nan() && c.points[2].1.is_nan());
    assert_eq!(panel.x.high, 4.0);
    assert_drawn("gaps", &chart("", vec![panel]));
    let none = Panel::series("epoch", "loss", [("a", [f64::NAN])]);
    assert!(none.marks.is_empty());
    assert_drawn("nothing measured", &chart("", vec![none]));
}

#[test]
fn grids_whose_values_do_not_fit_have_lines_where_they_do() {
    let places: Vec<f64> = (0..9).map(f64::from).collect();
    let plane: Vec<f64> = places.iter().flat_map(|y| places.iter().map(move |x| x + y)).collect();
    let whole = Grid::new(&places, &places, &plane);
    assert_eq!(whole.lines(3.5).len(), 1);
    let half = Grid::new(&places, &places, &plane[..40]);
    assert!(half.lines(3.5).iter().flatten().all(|(_, y)| *y <= 4.0));
    for grid in [
        Grid::new(&[], &[], &plane),
        Grid::new(&places, &[], &plane),
        Grid::new(&places[..1], &places, &plane),
        Grid::new(&places, &places, &[]),
    ] {
        assert!(grid.lines(3.5).is_empty(), "{grid:?}");
    }
    assert!(Grid::new(&places, &places, &[7.0; 81]).is_flat() && !whole.is_flat());
    assert!(Grid::new(&places, &places, &[]).levels().is_empty());
    assert_drawn("half", &chart("", vec![Panel::contours(("x", &[]), ("y", &places), &plane)]));
}

#[test]
fn extents_are_those_of_the_finite_values() {
    let odd = [f64::NAN, f64::INFINITY, -f64::INFINITY];
    assert_eq!((extent(odd), extent_without_outliers(odd)), (None, None));
    let mut values: Vec<f64> = (0..100).map(f64::from).collect();
    values.extend(odd);
    assert_eq!(extent_without_outliers(values.iter().copied()), Some((0.0, 99.0)));
    values.push(1e9);
    let (low, high) = extent_without_outliers(values.iter().copied()).unwrap();
    assert!(low == 0.0 && high < 1000.0);
    assert_eq!(extent(values), Some((0.0, 1e9)));
}

#[test]
fn a_training_in_characters() {
    let losses = [2.3, 0.9, 0.4, 0.2, 0.12, 0.08];
    let panel = Panel::series("epoch", "loss", [("train", losses)]);
    let text = chart("a training", vec![panel]).terminal(44, 14, false).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, TRAINING, "\n{text}");
}

const TRAINING: [&str; 14] = [
    "                 a training",
    "    ⠤⠤⠤⠤⠄train",
    "  loss",
    "   ⢸⠑⡄",
    "  2⢺ ⠈⠢⡀",
    "1.5⣸   ⠑⢄",
    "   ⢸    ⠈⠢⡀",
    "  1⢼      ⠘⢄⡀",
    "   ⢸        ⠈⠑⠢⢄⡀",
    "0.5⢹            ⠈⠑⠢⠤⠤⣀⣀⣀⡀",
    "  0⣸                    ⠈⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒⠒⠒⠢⠤⠤⠤⠄",
    "    ⠏⠉⠉⠉⠉⠉⠉⠹⠉⠉⠉⠉⠉⠉⠹⠉⠉⠉⠉⠉⠉⠉⠏⠉⠉⠉⠉⠉⠉⠏⠉⠉⠉⠉⠉⠉⠹",
    "    1      2      3       4      5      6",
    "                    epoch",
];
