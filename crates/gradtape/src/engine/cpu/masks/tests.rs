use super::*;
use crate::plan::{BufferId, Kernel, Place, Program, plan};
use crate::tensor::{DType, Dims, Rng};

/// What is planned of a product of 3 rows and 200 columns, of masks of a shape, and of what is made of them.
fn program(shape: &str, rest: &str) -> Program {
    let graph = format!(
        "%0 = input {{dtype: f32; shape: [3, 8]}} : f32[3, 8]
         %1 = input {{dtype: f32; shape: [8, 200]}} : f32[8, 200]
         %2 = input {{dtype: bool; shape: [{shape}]}} : bool[{shape}]
         %3 = input {{dtype: bool; shape: [{shape}]}} : bool[{shape}]
         %4 = broadcast(%2) {{shape: [3, 200]}} : bool[3, 200]
         %5 = broadcast(%3) {{shape: [3, 200]}} : bool[3, 200]
         %6 = constant {{value: -5.0; dtype: f32}} : f32[]
         %7 = broadcast(%6) {{shape: [3, 200]}} : f32[3, 200]
         %8 = contract(%0, %1) {{batch: 0; summed: 1}} : f32[3, 200]
         {rest}"
    );
    plan(&graph.parse().unwrap())
}

/// The inputs that are masks of the product, how they lie, and by what they show a sum.
fn masks(shape: &str, rest: &str) -> Vec<(usize, [isize; 2], bool)> {
    let program = program(shape, rest);
    let [Kernel::Contract(plan)] = &program.kernels[..] else { panic!("{program}") };
    let Masks(masks) = Masks::of(plan, &program.buffers);
    let of = |Mask { values, shows }: Mask| {
        let Place::Input(input) = program.buffers[values.buffer.0 as usize].place else {
            panic!("{program}")
        };
        (input, [values.strides[0], values.strides[1]], shows)
    };
    masks.into_iter().map(of).collect()
}

#[test]
fn sums_are_masked_by_what_chooses_something_else() {
    let seen = "%9 = select(%4, %8, %7) : f32[3, 200]
                return %9";
    assert_eq!(masks("3, 200", seen), [(2, [200, 1], true)]);
    assert_eq!(masks("1, 200", seen), [(2, [0, 1], true)]);
    // All columns of a row, or none.
    assert_eq!(masks("3, 1", seen), []);
    let hidden = "%9 = select(%4, %7, %8) : f32[3, 200]
                  return %9";
    assert_eq!(masks("3, 200", hidden), [(2, [200, 1], false)]);
    let both = "%9 = exp(%8) : f32[3, 200]
                %10 = select(%5, %9, %7) : f32[3, 200]
                %11 = select(%4, %7, %10) : f32[3, 200]
                return %11";
    assert_eq!(masks("1, 200", both), [(2, [0, 1], false), (3, [0, 1], true)]);
    let later = "%9 = select(%4, %8, %7) : f32[3, 200]
                 %10 = mul(%9, %9) : f32[3, 200]
                 %11 = add(%10, %7) : f32[3, 200]
                 return %11";
    assert_eq!(masks("3, 200", later), [(2, [200, 1], true)]);
}

#[test]
fn sums_that_matter_otherwise_have_no_mask() {
    for rest in [
        // It is chosen, and goes on.
        "%9 = select(%4, %8, %7) : f32[3, 200]
         return %9, %8",
        "%9 = select(%4, %8, %7) : f32[3, 200]
         %10 = add(%9, %8) : f32[3, 200]
         return %10",
        // Both that are chosen from need it.
        "%9 = exp(%8) : f32[3, 200]
         %10 = select(%4, %8, %9) : f32[3, 200]
         return %10",
        // It chooses itself.
        "%9 = less(%8, %7) : bool[3, 200]
         %10 = select(%4, %8, %7) : f32[3, 200]
         %11 = select(%9, %10, %7) : f32[3, 200]
         return %11",
        "%9 = exp(%8) : f32[3, 200]
         return %9",
    ] {
        let program = program("3, 200", rest);
        for kernel in &program.kernels {
            if let Kernel::Contract(plan) = kernel {
                assert_eq!(Masks::of(plan, &program.buffers), Masks::default(), "{program}");
            }
        }
    }
}

#[test]
fn columns_are_shown_as_far_as_any_row_shows_one() {
    let mut rng = Rng::new(1);
    let below = |rng: &mut Rng, most: usize| (rng.uniform() * most as f64) as usize;
    for case in 0..500 {
        let (rows, columns) = (1 + below(&mut rng, 5), 1 + below(&mut rng, 300));
        let buffers: Vec<Buffer> = [rows * columns, columns]
            .map(|len| Buffer { dtype: DType::Bool, len, place: Place::Arena(0) })
            .into();
        let shows = [case % 2 == 0, case % 3 == 0];
        let mut values: Vec<Vec<bool>> = Vec::new();
        for (buffer, shows) in buffers.iter().zip(shows) {
            let (far, lonely) = (below(&mut rng, columns + 1), below(&mut rng, 3) == 0);
            let shown = |at: usize| match lonely {
                true => at % columns + 1 == far,
                false => at % columns < far,
            };
            values.push((0..buffer.len).map(|at| shown(at) == shows).collect());
        }
        let bases: Vec<*mut u8> = values.iter_mut().map(|v| v.as_mut_ptr().cast()).collect();
        // SAFETY: each buffer has its values.
        let memory = unsafe { Memory::new(&buffers, &bases) };
        let mask = |(number, down): (u32, isize)| Mask {
            values: Access {
                buffer: BufferId(number),
                offset: 0,
                strides: [down, 1].into_iter().collect(),
            },
            shows: shows[number as usize],
        };
        let masks = Masks([(0, columns as isize), (1, 0)].map(mask).into_iter().collect());
        let own = below(&mut rng, rows)..rows;
        // SAFETY: the rows and columns are those of the buffers.
        let got = unsafe { masks.shown(&own, columns, &Dims::from_elem(0, 2), &memory) };
        let seen = |column: usize| {
            own.clone().any(|row| values[0][row * columns + column] == shows[0])
                && values[1][column] == shows[1]
        };
        let want = (0..columns).rev().find(|&column| seen(column)).map_or(0, |last| last + 1);
        assert!(want <= got, "{want} of {columns} are shown, not {got}");
        // Of one mask alone it is known to the panel.
        let far = |mask: usize, down: usize| {
            let shown = |column: &usize| {
                own.clone().any(|row| values[mask][row * down + column] == shows[mask])
            };
            (0..columns).rev().find(shown).map_or(0, |last| last + 1)
        };
        let least = far(0, columns).min(far(1, 0));
        assert!(got <= least.next_multiple_of(TOGETHER).min(columns), "{got}, not {least}");
    }
}

#[test]
fn zeros_and_finite_numbers_are_known_wherever_they_lie() {
    let mut values = vec![0.0f32; 6 * 50];
    for steps in [[50, 1], [1, 6]] {
        let elements = |values: &[f32]| Elements { at: values.as_ptr(), steps };
        let place = |row: usize, column: usize| row * steps[0] + column * steps[1];
        // SAFETY: there are 6 rows of 50 columns.
        unsafe {
            assert!(elements(&values).are_zero(0..6, &(0..50)));
            assert_eq!(elements(&values).finite_from(6, 50), 0);
            values[place(3, 20)] = -0.0;
            assert!(elements(&values).are_zero(0..6, &(0..50)));
            for number in [1e-45, f32::NAN, f32::INFINITY, f32::MAX] {
                values[place(3, 20)] = number;
                let all = elements(&values);
                assert!(!all.are_zero(0..6, &(0..50)) && !all.are_zero(3..4, &(20..21)));
                assert!(all.are_zero(0..3, &(0..50)) && all.are_zero(0..6, &(21..50)));
                let from = if number.is_finite() { 0 } else { 4 };
                assert_eq!(all.finite_from(6, 50), from);
                assert_eq!(all.finite_from(6, 20), 0);
            }
        }
        values.fill(0.0);
    }
}
