//! `#[derive(Module)]` for [gradtape](https://docs.rs/gradtape).

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, GenericArgument, Ident, LitStr, PathArguments,
    Result, Type, TypeParamBound, parse_macro_input,
};

/// Implements `gradtape::nn::Module` for a struct whose fields are modules.
///
/// Every field is visited in the order it is written, under its own name (its number in a tuple
/// struct): layers, parameters, buffers, other structs that derive `Module`, and `Vec`, `Option`, `Box`,
/// arrays and tuples of them.
///
/// Fields of plain data are left out: numbers, `bool`, `char`, texts, ranges, functions, `PhantomData`, and
/// `Vec`, `Option`, `Box`, arrays and tuples of nothing else, by the names of their types. Any other field
/// that has no parameters carries `#[module(skip)]`.
///
/// ```
/// use gradtape::nn::{Linear, Module};
/// use gradtape::{Rng, Var};
///
/// #[derive(Module)]
/// struct Net {
///     hidden: Linear,
///     out: Linear,
///     scale: f64,
///     #[module(skip)]
///     seen: std::time::Instant,
/// }
///
/// impl Net {
///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
///         self.out.forward(self.hidden.forward(x).tanh()) * self.scale
///     }
/// }
///
/// let mut rng = Rng::new(1);
/// let net = Net {
///     hidden: Linear::new(4, 3, &mut rng),
///     out: Linear::new(3, 2, &mut rng),
///     scale: 0.5,
///     seen: std::time::Instant::now(),
/// };
/// let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]);
/// ```
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => return Err(only_structs(data.enum_token.span())),
        Data::Union(data) => return Err(only_structs(data.union_token.span())),
    };
    if let Some(attribute) = input.attrs.iter().find(|a| a.path().is_ident("module")) {
        let message = "`#[module(…)]` belongs on a field";
        return Err(Error::new_spanned(attribute, message));
    }
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let children = children(fields)?;
    let kind = name.to_string();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::gradtape::nn::Module for #name #arguments #bounds {
            fn visit(&self, visitor: &mut ::gradtape::nn::Visitor<'_>) {
                let _ = &visitor;
                #children
            }

            fn kind(&self) -> ::std::string::String {
                ::std::string::String::from(#kind)
            }
        }
    })
}

/// The visit of each field. The span is the field's type, so that a type which is no module is
/// marked there.
fn children(fields: &Fields) -> Result<TokenStream> {
    let mut calls = TokenStream::new();
    for (number, (field, member)) in fields.iter().zip(fields.members()).enumerate() {
        if skipped(&field.attrs)? || is_plain(&field.ty) {
            continue;
        }
        let label = field.ident.as_ref().map_or(number.to_string(), plain);
        let label = LitStr::new(&label, Span::call_site());
        calls.extend(quote_spanned! {field.ty.span()=> visitor.child(#label, &self.#member); });
    }
    Ok(calls)
}

/// A name without the `r#` of a raw identifier.
fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_string)
}

/// Types of data that are no modules and hold none.
const PLAIN: &[&str] = &[
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "f32",
    "f64",
    "bool",
    "char",
    "str",
    "String",
    "PathBuf",
    "Duration",
    "PhantomData",
];

/// Types that are plain if all their arguments are.
const CONTAINERS: &[&str] =
    &["Vec", "Option", "Box", "Rc", "Arc", "Cell", "RefCell", "Range", "RangeInclusive"];

/// Whether a type, as it is written, is data without parameters.
fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Paren(inner) => is_plain(&inner.elem),
        Type::Group(inner) => is_plain(&inner.elem),
        Type::Reference(reference) => is_plain(&reference.elem),
        Type::Array(array) => is_plain(&array.elem),
        Type::Slice(slice) => is_plain(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Type::Path(path) if path.qself.is_none() => {
            let Some(last) = path.path.segments.last() else { return false };
            let is_one_of = |names: &[&str]| names.iter().any(|name| last.ident == name);
            is_one_of(PLAIN) || is_one_of(CONTAINERS) && has_plain_arguments(&last.arguments)
        }
        other => is_function(other),
    }
}

fn is_function(ty: &Type) -> bool {
    match ty {
        Type::FnPtr(_) => true,
        Type::TraitObject(object) => object.bounds.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| {
                ["Fn", "FnMut", "FnOnce"].iter().any(|name| last.ident == name)
            }),
            _ => false,
        }),
        _ => false,
    }
}

fn has_plain_arguments(arguments: &PathArguments) -> bool {
    let PathArguments::AngleBracketed(arguments) = arguments else { return false };
    arguments.args.iter().all(|argument| match argument {
        GenericArgument::Type(ty) => is_plain(ty),
        GenericArgument::Lifetime(_) => true,
        _ => false,
    })
}

fn skipped(attributes: &[Attribute]) -> Result<bool> {
    let mut skip = false;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("module")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                skip = true;
                return Ok(());
            }
            Err(meta.error("unknown word; `#[module(skip)]` leaves a field out"))
        })?;
    }
    Ok(skip)
}

fn only_structs(at: Span) -> Error {
    Error::new(at, "`Module` can be derived for structs only; for an enum, implement it by hand")
}
