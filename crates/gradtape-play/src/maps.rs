//! What the network answers everywhere in the picture.

use std::rc::Rc;

use gradtape::{Result, Tensor};

use super::data::Axis;
use super::losses::Task;
use super::session::Session;

/// Numbers for a square of cells, row by row from the top; a single row where there is one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// How many cells there are in a row.
    pub side: usize,
    /// How many rows.
    pub rows: usize,
    /// The cells of one unit after the other.
    pub cells: Vec<f32>,
}

impl Session {
    /// For each cell two numbers: the class and how sure it is, from 0 to 1; of a number to learn, its value and 1.
    pub fn boundary(&mut self, side: usize) -> Result<Map> {
        let (inputs, rows) = self.cells(side)?;
        let outputs = (self.looker)(&inputs)?.pop().unwrap_or(inputs);
        let width = outputs.shape().last().copied().unwrap_or(1);
        let values = outputs.to_vec::<f32>()?;
        let cells = values.chunks(width).flat_map(|row| match self.data.task {
            Task::Classes(_) => {
                let (class, sure) = self.data.loss.class(row);
                [class as f32, sure]
            }
            Task::Number(_) => [row[0], 1.0],
        });
        Ok(Map { side, rows, cells: cells.collect() })
    }

    /// The value of each unit of each hidden layer, then of each output, before the loss.
    pub fn maps(&mut self, side: usize) -> Result<Map> {
        let (inputs, rows) = self.cells(side)?;
        let mut cells = Vec::new();
        for values in (self.looker)(&inputs)? {
            let width = values.shape().last().copied().unwrap_or(1);
            let values = values.to_vec::<f32>()?;
            for unit in 0..width {
                cells.extend(values.iter().skip(unit).step_by(width));
            }
        }
        Ok(Map { side, rows, cells })
    }

    /// What units are of a network whose rows are images: the weights of the first layer, as images.
    pub fn images(&self) -> Result<Option<Map>> {
        let Some([rows, side]) = self.data.image else { return Ok(None) };
        let weight = self.net.parameters().into_iter().next();
        let cells = weight.map_or(Ok(Vec::new()), |[weight, _]| weight.value().to_vec::<f32>())?;
        Ok(Some(Map { side, rows, cells }))
    }

    /// The points, those to learn from first, of each five numbers: its place in the picture, from 0 to 1 from the left and
    /// from the top, the class or number, what the network answers, and 1 if it is held out.
    pub fn points(&mut self) -> Result<Vec<f32>> {
        let mut all = Vec::new();
        for (held, part) in [&self.data.train, &self.data.test].map(Rc::clone).iter().enumerate() {
            if part.is_empty() {
                continue;
            }
            let width = self.data.width();
            let rows = part.inputs().to_vec::<f32>()?;
            let answers = self.data.answers(part.targets());
            let outputs =
                (self.looker)(part.inputs())?.pop().unwrap_or_else(|| part.inputs().clone());
            let count = outputs.shape().last().copied().unwrap_or(1);
            let outputs = outputs.to_vec::<f32>()?;
            let [across, up] = &self.data.axes;
            for ((row, answer), output) in
                rows.chunks(width).zip(&answers).zip(outputs.chunks(count))
            {
                let place = |axis: &Axis, value: f64| (value - axis.from) / (axis.to - axis.from);
                let x = place(across, f64::from(row[across.input]));
                let y = match width {
                    1 => {
                        let [least, most] = self.value_range();
                        (answer - least) / (most - least)
                    }
                    _ => place(up, f64::from(row[up.input])),
                };
                let told = match self.data.task {
                    Task::Classes(_) => self.data.loss.class(output).0 as f32,
                    Task::Number(_) => output[0],
                };
                all.extend([x as f32, 1.0 - y as f32, *answer as f32, told, held as f32]);
            }
        }
        Ok(all)
    }

    /// The values of a number to learn that the picture shows.
    pub(crate) fn value_range(&self) -> [f64; 2] {
        let [least, most] = self.data.values;
        let room = 0.15 * (most - least).max(1e-3);
        [least - room, most + room]
    }

    /// Inputs for the middles of the cells, and how many rows of cells there are.
    fn cells(&self, side: usize) -> Result<(Tensor, usize)> {
        let width = self.data.width();
        let rows = if width == 1 { 1 } else { side };
        let [across, up] = &self.data.axes;
        // What is not looked at is at its mean: 0 of columns, which are standardised, and of images.
        let mut inputs = vec![0f32; rows * side * width];
        let at = |axis: &Axis, place: usize| {
            axis.from + (axis.to - axis.from) * (place as f64 + 0.5) / side as f64
        };
        for (cell, row) in inputs.chunks_mut(width).enumerate() {
            row[across.input] = at(across, cell % side) as f32;
            if width > 1 && up.input != across.input {
                row[up.input] = at(up, side - 1 - cell / side) as f32;
            }
        }
        Ok((Tensor::from_vec(inputs, [rows * side, width])?, rows))
    }
}

impl Session {
    /// The inputs of all points, those to learn from first.
    pub fn pixels(&self) -> Result<Vec<f32>> {
        let mut all = self.data.train.inputs().to_vec::<f32>()?;
        if !self.data.test.is_empty() {
            all.extend(self.data.test.inputs().to_vec::<f32>()?);
        }
        Ok(all)
    }
}
