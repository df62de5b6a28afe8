//! Pairing the parameters and buffers of a module with what a file or another module has for them, and
//! giving them other numbers: all of them or none.

use std::collections::BTreeMap;

use super::module::Seen;
use super::{Module, Visitor};
use crate::op::Meta;
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// The two sides of a pairing, as errors say them.
pub(crate) struct Origin {
    /// What has the parameters and buffers: "the network".
    pub(crate) own: &'static str,
    /// What has something for them: "the file".
    pub(crate) place: &'static str,
    /// How the two come not to fit.
    pub(crate) hint: &'static str,
}

/// What stands under one or several names.
pub(crate) type Named<T> = (Vec<String>, T);

/// What takes numbers: a parameter or a buffer, or one that is to be made.
pub(crate) trait Place {
    /// The element type and shape that it takes.
    fn meta(&self) -> &Meta;
    /// What messages call it.
    fn word(&self) -> &'static str;
}

impl Place for Parameter {
    fn meta(&self) -> &Meta {
        Parameter::meta(self)
    }

    fn word(&self) -> &'static str {
        Parameter::word(self)
    }
}

/// What it can be paired with.
pub(crate) trait Numbers {
    /// The numbers as they are.
    fn numbers(&self) -> Tensor;
}

impl Numbers for Tensor {
    fn numbers(&self) -> Tensor {
        self.clone()
    }
}

impl Numbers for Parameter {
    fn numbers(&self) -> Tensor {
        self.value()
    }
}

/// Gives each parameter and buffer of a module the tensor of its name. Fails, and changes nothing, where a tensor
/// is missing, has another shape or element type, or belongs to none.
pub(crate) fn assign(
    module: &(impl Module + ?Sized),
    tensors: Vec<(String, Tensor)>,
    origin: &Origin,
) -> Result<()> {
    let fitted = fit(module, tensors, origin)?;
    fitted.into_iter().try_for_each(|(parameter, value)| parameter.set(value))
}

/// The parameters and buffers of a module with the tensors of their names, changing nothing.
pub(crate) fn fit(
    module: &(impl Module + ?Sized),
    tensors: Vec<(String, Tensor)>,
    origin: &Origin,
) -> Result<Vec<(Parameter, Tensor)>> {
    let offers: Vec<_> = tensors.into_iter().map(|(name, tensor)| (vec![name], tensor)).collect();
    let pairs = pair(named_state(module), &offers, origin)?;
    Ok(pairs.into_iter().map(|(_, own, tensor)| (own, tensor.clone())).collect())
}

/// As [`assign`], with the numbers of another module.
pub(super) fn assign_from(
    module: &(impl Module + ?Sized),
    other: &dyn Module,
    origin: &Origin,
) -> Result<()> {
    let values =
        named_state(other).into_iter().map(|(names, parameter)| (names, parameter.value()));
    let offers: Vec<_> = values.collect();
    let mut pairs = pair(named_state(module), &offers, origin)?.into_iter();
    pairs.try_for_each(|(_, own, value)| own.set(value.clone()))
}

/// Each parameter or buffer, and the first of its names that is offered, with what is offered under it.
///
/// Tied weights are one parameter of several names. They take what stands under any of these, and fail
/// where they would have to take different numbers at once; what is offered under several names serves
/// every parameter that has one of them. Fails for a parameter without an offer, for another shape or
/// element type, and for an offer that no parameter takes.
pub(crate) fn pair<'a, P: Place, T: Numbers>(
    places: Vec<Named<P>>,
    offers: &'a [Named<T>],
    origin: &Origin,
) -> Result<Vec<(String, P, &'a T)>> {
    let &Origin { own: network, place, hint } = origin;
    let each = offers.iter().enumerate();
    let mut offered: BTreeMap<&str, usize> =
        each.flat_map(|(i, (names, _))| names.iter().map(move |name| (&name[..], i))).collect();
    let mut taken = vec![false; offers.len()];
    let mut pairs = Vec::with_capacity(places.len());
    for (names, own) in places {
        let word = own.word();
        let mut first: Option<(String, &T)> = None;
        for name in &names {
            let Some(i) = offered.remove(&name[..]) else { continue };
            let offer = &offers[i].1;
            let numbers = offer.numbers();
            let (have, want) = (Meta::of(&numbers), own.meta());
            if have != *want {
                let message = format!("{word} {name:?} is {have} in {place}, {want} in {network}");
                let converts =
                    have.shape == want.shape && have.dtype.is_float() && want.dtype.is_float();
                return Err(wrong(message).hint(match converts {
                    true => "only the types differ: `io::load_converted` or `Tensor::cast` converts them",
                    false => hint,
                }));
            }
            match &first {
                None => first = Some((name.clone(), offer)),
                Some((other, already)) if !already.numbers().equals(&numbers) => {
                    let message = format!(
                        "{other:?} and {name:?} are one {word} of {network}, but two of different \
                         numbers in {place}"
                    );
                    return Err(wrong(message).hint("tie them there too, with `Parameter::share`"));
                }
                Some(_) => {}
            }
            taken[i] = true;
        }
        let Some((name, offer)) = first else {
            let name = names.first().map_or("", |name| name);
            let error = wrong(format!("there is no {word} {name:?} in {place}"));
            return Err(match nearest(name, offered.keys().copied()) {
                Some(near) => error.hint(format!("there is {near:?}")),
                None => error.hint(hint),
            });
        };
        pairs.push((name, own, offer));
    }
    match offers.iter().zip(taken).find(|(_, taken)| !taken) {
        Some(((names, _), _)) => {
            let name = names.first().map_or("", |name| name);
            Err(wrong(format!("{network} has no parameter {name:?}")).hint(hint))
        }
        None => Ok(pairs),
    }
}

/// The parameters of a module, each once, with all their dotted paths, in order.
pub(crate) fn named(module: &(impl Module + ?Sized)) -> Vec<Named<Parameter>> {
    let state = listed(module).into_iter().filter(|(is_buffer, _)| !is_buffer);
    state.map(|(_, named)| named).collect()
}

/// The buffers, by what holds them.
pub(super) fn named_buffers(module: &(impl Module + ?Sized)) -> Vec<Named<Parameter>> {
    let state = listed(module).into_iter().filter(|&(is_buffer, _)| is_buffer);
    state.map(|(_, named)| named).collect()
}

/// Both: all tensors that a module keeps.
pub(crate) fn named_state(module: &(impl Module + ?Sized)) -> Vec<Named<Parameter>> {
    listed(module).into_iter().map(|(_, named)| named).collect()
}

/// All tensors that a module keeps, and whether each is a buffer there. They learn their paths.
fn listed(module: &(impl Module + ?Sized)) -> Vec<(bool, Named<Parameter>)> {
    let mut found: Vec<(bool, Named<Parameter>)> = Vec::new();
    let mut places = BTreeMap::new();
    module.visit(&mut Visitor::new(&mut |seen| {
        let (is_buffer, path, own) = match seen {
            Seen::Parameter { path, parameter } => (false, path, parameter),
            Seen::Buffer { path, buffer } => (true, path, buffer.holder()),
            Seen::Module { .. } | Seen::Dial { .. } | Seen::Name { .. } => return,
        };
        let place = *places.entry(own.id()).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, (names, _))) => names.push(path.to_string()),
            None => {
                own.name().learn(path);
                found.push((is_buffer, (vec![path.to_string()], own.share())));
            }
        }
    }));
    found
}

/// The values of a module's parameters and buffers by name.
pub(crate) fn values(module: &(impl Module + ?Sized)) -> Vec<(String, Tensor)> {
    let state = named_state(module).into_iter();
    state.map(|(mut names, own)| (names.swap_remove(0), own.value())).collect()
}

fn wrong(message: String) -> Error {
    Error::new(Kind::Model, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network whose output may have the weight of its embedding.
    #[derive(Clone, Module)]
    struct Net {
        embed: Parameter,
        out: Parameter,
    }

    fn net(embed: f64, out: Option<f64>) -> Net {
        let make = |number: f64| Parameter::new(Tensor::from([number, number]));
        let embed = make(embed);
        let out = out.map_or_else(|| embed.share(), make);
        Net { embed, out }
    }

    fn numbers(net: &Net) -> [f64; 2] {
        [&net.embed, &net.out].map(|parameter| parameter.value().to_f64_vec()[1])
    }

    #[test]
    fn tied_weights_go_to_a_clone_and_back() {
        let tied = net(1.0, None);
        let clone = tied.clone();
        tied.embed.set(Tensor::from([2.0, 2.0])).unwrap();
        clone.load_from(&tied).unwrap();
        assert_eq!((clone.named_parameters().len(), numbers(&clone)), (2, [2.0, 2.0]));
        tied.embed.set(Tensor::from([3.0, 3.0])).unwrap();
        tied.load_from(&clone).unwrap();
        assert_eq!(numbers(&tied), [2.0, 2.0]);
        tied.load_from(&net(5.0, None)).unwrap();
        assert_eq!(numbers(&tied), [5.0, 5.0]);
    }

    #[test]
    fn tied_weights_take_no_two_numbers_at_once() {
        let tied = net(1.0, None);
        let text = tied.load_from(&net(2.0, Some(3.0))).unwrap_err().to_string();
        for word in ["\"embed\"", "\"out\"", "one parameter", "tie them"] {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
        assert_eq!(numbers(&tied), [1.0, 1.0]);
    }

    #[test]
    fn tied_weights_hide_nothing_that_does_not_fit() {
        #[derive(Module)]
        struct Wider(Net, Parameter);
        let wider = Wider(net(1.0, None), Parameter::new(Tensor::scalar(1.0)));
        let narrow = [net(1.0, None)];
        let text = narrow.load_from(&wider).unwrap_err().to_string();
        assert!(text.contains("no parameter \"1\""), "{text}");
        let text = wider.load_from(&narrow).unwrap_err().to_string();
        assert!(text.contains("no parameter \"1\" in the other module"), "{text}");
    }
}
