//! Two attributes that spare each function the same derives. What they expand to is shown in `shared/edge/README.md`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, LitStr, Type, parse_macro_input, parse_quote};

/// Something that comes in: `#[input(name = "NewKaizen")]`, or `#[input]` where callers never see a name (parameters of a path or
/// query). `Deserialize` that refuses unknown fields and nulls, `Validate`, and a schema.
///
/// `Option<T>` fields may be absent; a field that may also be null says so with its own `deserialize_with`.
#[proc_macro_attribute]
pub fn input(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let name = match published_name(arguments) {
        Ok(name) => name,
        Err(error) => return error.to_compile_error().into(),
    };
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
                #(#name)*
                #item
            }
            .into()
        }
        item => words(&item, &name),
    }
}

/// Something that goes out, `#[output(name = "Kaizen")]`, or comes from the database: `Serialize`, `Deserialize` and a schema.
#[proc_macro_attribute]
pub fn output(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let name = match published_name(arguments) {
        Ok(name) => name,
        Err(error) => return error.to_compile_error().into(),
    };
    match parse_macro_input!(item as Item) {
        item @ Item::Struct(_) => quote! {
            #[derive(Debug, Clone, ::serde::Deserialize, ::serde::Serialize)]
            #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
            #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
                #(#name)*
            #item
        }
        .into(),
        item => words(&item, &name),
    }
}

/// An enum without data, as words in snake case.
fn words(item: &Item, name: &[Attribute]) -> TokenStream {
    quote! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Deserialize, ::serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
                #(#name)*
        #item
    }
    .into()
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// `name = "Kaizen"`: what a type is called in the OpenAPI document, for good, whatever it is called here.
fn published_name(arguments: TokenStream) -> syn::Result<Vec<Attribute>> {
    let mut attributes = Vec::new();
    let parser = syn::meta::parser(|meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("only `name = \"…\"` is known"));
        }
        let name: LitStr = meta.value()?.parse()?;
        attributes
            .push(parse_quote!(#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = #name, extend("x-published" = true)))]));
        Ok(())
    });
    syn::parse::Parser::parse(parser, arguments)?;
    Ok(attributes)
}
