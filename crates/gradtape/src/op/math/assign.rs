//! Methods that put values in the place of others.

/// Stamps what puts values in the place of others as methods of a handle type.
macro_rules! assign_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, Op, Operand, index, rules, source};
            use $crate::tensor::{DType, Dims, IntoRange, Place, Shape};

            impl<$life> $handle {
                /// This with other values at a range of places along an axis: NumPy's `x[:, 1:3] = values`, as a new
                /// value. They broadcast to that part.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([1.0, 2.0, 3.0, 4.0]);
                /// assert_eq!(x.with_slice(0, 1..3, 0).value()?.to_f64_vec(), [1.0, 0.0, 0.0, 4.0]);
                /// assert_eq!(x.with_index(0, -1, 9).value()?.to_f64_vec(), [1.0, 2.0, 3.0, 9.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("slice_assign", "slice_scatter", "dynamic_update_slice", "index_put"))]
                #[track_caller]
                pub fn with_slice(
                    self,
                    axis: isize,
                    range: impl IntoRange,
                    values: impl Operand<Self>,
                ) -> Self {
                    let shape = self.shape();
                    let found = shape.axis(axis).and_then(|at| Ok((at, shape.range(at, range)?)));
                    match found {
                        Ok((at, (start, stop))) if start <= stop && stop <= shape[at] => {
                            let mut dims = Dims::from_slice(&shape);
                            dims[at] = stop - start;
                            match self.as_part("with_slice", values, &dims) {
                                Ok(values) => self
                                    .slice(axis, ..start)
                                    .concat(&[values, self.slice(axis, stop..)], axis),
                                Err(failed) => failed,
                            }
                        }
                        // The error of the part that there is not.
                        Ok((at, (start, stop))) => self.slice_step(at as isize, start, stop, 1),
                        Err(error) => self.broken("with_slice", error.into()),
                    }
                }

                /// This with other values at a place of an axis, as a new value: NumPy's `x[:, i] = values`. They
                /// broadcast to the part that [`Self::index`] gives.
                #[doc(alias("select_scatter", "index_put"))]
                #[track_caller]
                pub fn with_index(
                    self,
                    axis: isize,
                    place: impl Place,
                    values: impl Operand<Self>,
                ) -> Self {
                    let shape = self.shape();
                    let found =
                        shape.axis(axis).and_then(|at| Ok((at, shape.place(at, place.number())?)));
                    match found {
                        Ok((at, place)) => {
                            let mut dims = Dims::from_slice(&shape);
                            dims.remove(at);
                            match self.as_part("with_index", values, &dims) {
                                Ok(values) => {
                                    let values = values.unsqueeze(at as isize);
                                    self.with_slice(axis, place..place + 1, values)
                                }
                                Err(failed) => failed,
                            }
                        }
                        Err(error) => self.broken("with_index", error.into()),
                    }
                }

                /// This with each element of `values` at its place along an axis: with axis 1 of two,
                /// `out[i, index[i, j]] = values[i, j]`; of several for one place the last. The index is i64, and
                /// nowhere longer than this, except along the axis; the values broadcast to its shape.
                ///
                /// ```
                /// # use gradtape::{Tape, gradient};
                /// let tape = Tape::new();
                /// let (x, y) = (tape.watch([1.0, 2.0, 3.0]), tape.watch([7.0, 8.0, 9.0]));
                /// let z = x.scatter(0, tape.constant([2i64, 0, 2]), y);
                /// assert_eq!(z.value()?.to_f64_vec(), [8.0, 2.0, 9.0]);
                /// let [dx, dy] = gradient(z.sum(()), [x, y]);
                /// assert_eq!(dx.value()?.to_f64_vec(), [0.0, 1.0, 0.0]);
                /// assert_eq!(dy.value()?.to_f64_vec(), [0.0, 1.0, 1.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("put_along_axis", "scatter_", "index_put"))]
                #[track_caller]
                pub fn scatter(self, axis: isize, index: Self, values: impl Operand<Self>) -> Self {
                    let (shape, places) = (self.shape(), index.meta());
                    let fits = || -> Result<usize, Broken> {
                        let at = shape.axis(axis)?;
                        rules::index(&places)?;
                        rules::index_fits(at, &places.shape, &shape)?;
                        Ok(at)
                    };
                    let at = match fits() {
                        Ok(at) => at,
                        Err(rule) => return self.broken("scatter", rule),
                    };
                    let position = |shape: &Shape| source::Iota {
                        shape: shape.clone(),
                        axis: at,
                        dtype: DType::I64,
                    };
                    // The last place of the index that names each place, below 0 where none does.
                    let last =
                        self.source(position(&places.shape)).scatter_max(axis, index, &shape);
                    let mut values = match self.as_part("scatter", values, &places.shape) {
                        Ok(values) => values,
                        Err(failed) => return failed,
                    };
                    for other in (0..shape.rank()).filter(|&other| other != at) {
                        values = values.pad(other as isize, 0, shape[other] - places.shape[other]);
                    }
                    let kept = self.source(position(&shape)) + places.shape[at];
                    let pick = last.less(0).select(kept, last);
                    values.concat(&[self], axis).gather(axis, pick)
                }

                /// This with whole slices of `values` at the places of an axis that a vector of i64 names; of
                /// several for one place the last. The values broadcast to that part.
                #[doc(alias("index_put", "index_fill", "at_set"))]
                #[track_caller]
                pub fn index_copy(
                    self,
                    axis: isize,
                    index: Self,
                    values: impl Operand<Self>,
                ) -> Self {
                    let mut dims = Dims::from_slice(&self.shape());
                    let places =
                        match self.spread_index("index_copy", axis, index, &mut dims, false) {
                            Ok(places) => places,
                            Err(failed) => return failed,
                        };
                    match self.as_part("index_copy", values, &dims) {
                        Ok(values) => self.scatter(axis, places, values),
                        Err(failed) => failed,
                    }
                }

                /// The elements that several arrays of places name together, one array for each of the first axes:
                /// NumPy's `x[i, j]`. The arrays are i64 and broadcast to one shape, which the result has, followed by
                /// the axes that no array is for. A place that there is not is an error when it is computed.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
                /// let (i, j) = (tape.constant([0i64, 1]), tape.constant([2i64, 0]));
                /// assert_eq!(x.index_get(&[i, j]).value()?.to_f64_vec(), [3.0, 4.0]);
                /// let y = x.index_put(&[i, j], 0);
                /// assert_eq!(y.value()?.to_f64_vec(), [1.0, 2.0, 0.0, 0.0, 5.0, 6.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("advanced_indexing", "gather_nd"))]
                #[track_caller]
                pub fn index_get(self, indices: &[Self]) -> Self {
                    match self.places_together("index_get", indices) {
                        Ok((rows, places, dims, _)) => rows.index_select(0, places).reshape(dims),
                        Err(failed) => failed,
                    }
                }

                /// This with other values at the elements that [`Self::index_get`] gives, to whose shape they
                /// broadcast: NumPy's `x[i, j] = values`, as a new value; of several for one place the last.
                #[doc(alias("advanced_indexing", "scatter_nd", "index_put_"))]
                #[track_caller]
                pub fn index_put(self, indices: &[Self], values: impl Operand<Self>) -> Self {
                    match self.places_together("index_put", indices) {
                        Ok((rows, places, dims, part)) => {
                            match self.as_part("index_put", values, &dims) {
                                Ok(values) => rows
                                    .index_copy(0, places, values.reshape(part))
                                    .reshape(self.shape()),
                                Err(failed) => failed,
                            }
                        }
                        Err(failed) => failed,
                    }
                }

                /// Values as the part of this that they take the place of.
                #[track_caller]
                fn as_part(
                    self,
                    name: &str,
                    values: impl Operand<Self>,
                    part: &[usize],
                ) -> Result<Self, Self> {
                    let (values, part) = (values.operand(self), Shape::from(part));
                    let own = values.shape();
                    let fit = match own.broadcasts_to(&part) {
                        true => Ok(()),
                        false => {
                            let rule = format!("values of shape {own} for a part of shape {part}");
                            let hint = "they broadcast to it: sizes must be equal or 1, counted from the last axis";
                            Err(Broken::new(rule).hint(hint))
                        }
                    };
                    self.fits(name, values, fit)?;
                    Ok(values.broadcast_to(part))
                }

                /// This with its first axes, one for each array of places, as one axis; the places along that; the
                /// shape of the elements at them; and theirs with the places as one axis.
                #[track_caller]
                fn places_together(
                    self,
                    name: &str,
                    indices: &[Self],
                ) -> Result<(Self, Self, Dims, Dims), Self> {
                    let shape = self.shape();
                    let count = indices.len();
                    let fits = || -> Result<Shape, Broken> {
                        if count == 0 || count > shape.rank() {
                            let rule =
                                format!("{count} arrays of places for {} axes", shape.rank());
                            return Err(Broken::new(rule).hint("each is for one of the first axes"));
                        }
                        let mut common = Shape::scalar();
                        for index in indices {
                            let meta = index.meta();
                            rules::index(&meta)?;
                            common = common.broadcast(&meta.shape).map_err(|_| {
                                let rule = format!("arrays of places {common} and {}", meta.shape);
                                Broken::new(rule).hint("they broadcast to one shape")
                            })?;
                        }
                        Ok(common)
                    };
                    if let Some(failed) = self.apart(name, indices) {
                        return Err(failed);
                    }
                    let common = fits().map_err(|rule| self.broken(name, rule))?;
                    let (first, rest) = shape.split_at(count);
                    let mut places: Option<Self> = None;
                    for (index, &size) in indices.iter().zip(first) {
                        // Picked from all that there are, so that another one is an error.
                        let shape = Shape::from([size]);
                        let all = source::Iota { shape, axis: 0, dtype: DType::I64 };
                        let index = index.broadcast_to(&common).flatten(0);
                        let along = self.source(all).index_select(0, index);
                        places = Some(places.map_or(along, |places| places * size + along));
                    }
                    let with =
                        |before: &[usize]| -> Dims { before.iter().chain(rest).copied().collect() };
                    let rows = self.reshape(with(&[first.iter().product()]));
                    let places = places.unwrap_or(self);
                    Ok((rows, places, with(&common), with(&[common.elements()])))
                }

                /// The greatest of the elements that come to each place along an axis of a shape; -inf (the least
                /// i64) where none does. See [`index::ScatterMax`].
                #[doc(alias = "scatter_reduce")]
                #[track_caller]
                pub fn scatter_max(
                    self,
                    axis: isize,
                    index: Self,
                    shape: impl Into<Shape>,
                ) -> Self {
                    let shape = shape.into();
                    self.along(
                        "scatter_max",
                        axis,
                        |axis| index::ScatterMax { axis, shape },
                        &[index],
                    )
                }

                /// The least of the elements that come to each place along an axis of a shape; inf (the greatest
                /// i64) where none does.
                #[doc(alias = "scatter_reduce")]
                #[track_caller]
                pub fn scatter_min(
                    self,
                    axis: isize,
                    index: Self,
                    shape: impl Into<Shape>,
                ) -> Self {
                    let shape = shape.into();
                    let fit = self.shape().axis(axis).map_err(Broken::from).and_then(|axis| {
                        let op: Op = index::ScatterMax { axis, shape: shape.clone() }.into();
                        op.infer(&[&self.meta(), &index.meta()]).map(drop)
                    });
                    match self.fits("scatter_min", index, fit) {
                        Ok(()) => self
                            .turned("scatter_min")
                            .scatter_max(axis, index, shape)
                            .turned("scatter_min"),
                        Err(failed) => failed,
                    }
                }

                /// The greatest of the slices that a vector of i64 puts at each place along an axis of `size`,
                /// element by element; -inf (the least i64) where there is none. [`Self::index_add`] adds them.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (x, segment) = (tape.watch([1.0, 5.0, 3.0]), tape.constant([0i64, 1, 0]));
                /// assert_eq!(x.index_max(0, segment, 2).value()?.to_f64_vec(), [3.0, 5.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias = "segment_max")]
                #[track_caller]
                pub fn index_max(self, axis: isize, index: Self, size: usize) -> Self {
                    self.index_most("index_max", axis, index, size)
                }

                #[track_caller]
                fn index_most(self, name: &str, axis: isize, index: Self, size: usize) -> Self {
                    let mut dims = Dims::from_slice(&self.shape());
                    match self.spread_index(name, axis, index, &mut dims, true) {
                        Ok(places) => self.along(
                            name,
                            axis,
                            |axis| {
                                dims[axis] = size;
                                index::ScatterMax { axis, shape: dims.into() }
                            },
                            &[places],
                        ),
                        Err(failed) => failed,
                    }
                }

                /// The least of the slices that a vector of i64 puts at each place along an axis of `size`, element
                /// by element; inf (the greatest i64) where there is none.
                #[doc(alias = "segment_min")]
                #[track_caller]
                pub fn index_min(self, axis: isize, index: Self, size: usize) -> Self {
                    let turned = self.turned("index_min");
                    turned.index_most("index_min", axis, index, size).turned("index_min")
                }

                /// A vector of places along an axis, repeated along the others; the sizes become those of the
                /// slices that it puts there, or must be those.
                #[track_caller]
                fn spread_index(
                    self,
                    name: &str,
                    axis: isize,
                    index: Self,
                    dims: &mut Dims,
                    all: bool,
                ) -> Result<Self, Self> {
                    let (shape, places) = (self.shape(), index.meta());
                    let fits = || -> Result<usize, Broken> {
                        let at = shape.axis(axis)?;
                        rules::index(&places)?;
                        match places.shape[..] {
                            [count] if !all || count == shape[at] => Ok(at),
                            [count] => Err(Broken::new(format!(
                                "the index has {count} places, axis {at} of {shape} {} slices",
                                shape[at]
                            ))
                            .hint("one place is needed for each slice")),
                            _ => Err(Broken::new(format!("the index is a vector, not {places}"))
                                .hint("flatten(0) makes it one")),
                        }
                    };
                    let at = fits().map_err(|rule| self.broken(name, rule))?;
                    let count = places.shape[0];
                    dims[at] = count;
                    let mut alone: Dims = dims.iter().map(|_| 1).collect();
                    alone[at] = count;
                    Ok(index.reshape(alone).broadcast_to(&dims[..]))
                }
            }
        };
    };
}
pub(crate) use assign_methods;
