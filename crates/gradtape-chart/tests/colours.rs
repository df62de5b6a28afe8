//! Colours, for those who see fewer of them.

use gradtape_chart::{COLOURS, Colour, Line};

/// What is left of a colour where one kind of cones is missing (Machado, Oliveira and Fernandes 2009), and all of it.
const SEEN_BY: [(&str, [[f64; 3]; 3]); 5] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "no long waves",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "no middle waves",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
    ),
    (
        "no short waves",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ],
    ),
    ("no colours", [[0.2126, 0.7152, 0.0722]; 3]),
];

/// Lightness and two colours (CIELAB, D65), in which equal distances look about equal.
fn seen((red, green, blue): Colour, by: &[[f64; 3]; 3]) -> [f64; 3] {
    let linear = [red, green, blue].map(|part| match f64::from(part) / 255.0 {
        part if part <= 0.04045 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    });
    let sum = |row: &[f64; 3]| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f64>();
    let [r, g, b] = by.each_ref().map(|row| sum(row).clamp(0.0, 1.0));
    let xyz = [
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    ];
    let [x, y, z] = xyz.map(|t| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn lines_that_look_alike_to_someone_differ_in_their_dashes() {
    let mut alike = 0;
    for first in 0..COLOURS.len() {
        for second in first + 1..COLOURS.len() {
            let (a, b) = (Line::nth(first), Line::nth(second));
            for (who, by) in SEEN_BY {
                let pairs = seen(a.colour, &by).into_iter().zip(seen(b.colour, &by));
                let apart = pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                alike += usize::from(apart < 20.0);
                assert!(apart >= 20.0 || a.dash != b.dash, "{first}, {second} to {who}: {apart}");
            }
        }
    }
    assert!(alike > 5, "colours alone would do");
}
