//! Two attributes that spare each function the same derives. What they expand to is shown in `shared/edge/README.md`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Fields, Item, Type, parse_macro_input, parse_quote};

/// Something that comes in: `Deserialize` that refuses unknown fields and nulls, `Validate`, and a schema.
///
/// `Option<T>` fields may be absent; a field that may also be null says so with its own `deserialize_with`.
#[proc_macro_attribute]
pub fn input(_: TokenStream, item: TokenStream) -> TokenStream {
    match parse_macro_input!(item as Item) {
        Item::Struct(mut item) => {
            if let Fields::Named(fields) = &mut item.fields {
                for field in &mut fields.named {
                    let decided = field.attrs.iter().any(|attr| attr.path().is_ident("serde"));
                    if is_option(&field.ty) && !decided {
                        field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "::edge::validation::present")]));
                    }
                }
            }
            quote! {
                #[derive(Debug, ::serde::Deserialize, ::validator::Validate)]
                #[serde(deny_unknown_fields)]
                #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
                #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
                #item
            }
            .into()
        }
        item => words(&item),
    }
}

/// Something that goes out or comes from the database: `Serialize`, `Deserialize` and a schema.
#[proc_macro_attribute]
pub fn output(_: TokenStream, item: TokenStream) -> TokenStream {
    match parse_macro_input!(item as Item) {
        item @ Item::Struct(_) => quote! {
            #[derive(Debug, Clone, ::serde::Deserialize, ::serde::Serialize)]
            #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
            #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
            #item
        }
        .into(),
        item => words(&item),
    }
}

/// An enum without data, as words in snake case.
fn words(item: &Item) -> TokenStream {
    quote! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Deserialize, ::serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
        #item
    }
    .into()
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
