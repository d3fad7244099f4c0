//! Two attributes that spare each function the same derives. What they expand to is shown in `shared/edge/README.md`.

use proc_macro::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Field, Fields, GenericArgument, Item, ItemEnum, ItemStruct, LitStr, Meta, PathArguments, Token, Type,
    parse_macro_input, parse_quote,
};

/// Something that comes in: `#[input(name = "NewKaizen")]`, or `#[input]` where callers never see a name (parameters of a path or
/// query). `Deserialize` that refuses unknown fields and nulls, `Validate`, `Serialize` without what was absent (for one `jsonb`
/// parameter, `SqlJson(&change)`), and a schema. `#[input(name = "KaizenChange", change)]` refuses one without any field
/// (`nothing_to_change`).
///
/// `Option<T>` fields may be absent; a field that may also be null says so with its own `deserialize_with`.
#[proc_macro_attribute]
pub fn input(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let wanted = match Wanted::read(arguments) {
        Ok(wanted) => wanted,
        Err(error) => return error.to_compile_error().into(),
    };
    match parse_macro_input!(item as Item) {
        Item::Struct(item) => structure(item, &wanted),
        Item::Enum(item) => words(&item, &wanted.name),
        item => quote!(#item).into(),
    }
}

/// Something that goes out, `#[output(name = "Kaizen")]`, or comes from the database: `Serialize`, `Deserialize` and a schema. A
/// `version: i32` among its fields makes it `Versioned`.
///
/// On an enum without data either attribute makes words in snake case, which bind themselves (`ToSql`).
#[proc_macro_attribute]
pub fn output(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let Wanted { name, .. } = match Wanted::read(arguments) {
        Ok(wanted) => wanted,
        Err(error) => return error.to_compile_error().into(),
    };
    match parse_macro_input!(item as Item) {
        Item::Struct(mut item) => {
            for field in &mut item.fields {
                write_in_one_form(field, true);
            }
            let is_version = |field: &Field| field.ident.as_ref().is_some_and(|name| name == "version") && is(&field.ty, "i32");
            let versioned = item.fields.iter().any(is_version);
            let ident = &item.ident;
            let versioned = versioned.then(|| {
                quote!(impl ::edge::Versioned for #ident {
                    fn version(&self) -> i32 {
                        self.version
                    }
                })
            });
            quote! {
                #[derive(Debug, Clone, ::serde::Deserialize, ::serde::Serialize)]
                #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
                #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
                #(#name)*
                #item
                #versioned
            }
            .into()
        }
        Item::Enum(item) => words(&item, &name),
        item => quote!(#item).into(),
    }
}

/// What SQL tells, `{"outcome": "closed", "erased_at": …}`: `#[outcome]` on an enum of one variant for each word. A variant has
/// the members that it names, or one or more types, each of which is read from the whole object. A last one marked `#[other]` is
/// read where the word is none of them. `#[outcome(tag = "action")]`: the member that has the word.
///
/// It is what serde's `tag` does, from the text itself: serde keeps a copy of each value, and code for every kind of it.
#[proc_macro_attribute]
pub fn outcome(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut tag = "outcome".to_owned();
    let parser = syn::meta::parser(|meta| {
        tag = meta.value()?.parse::<LitStr>()?.value();
        Ok(())
    });
    if let Err(error) = syn::parse::Parser::parse(parser, arguments) {
        return error.to_compile_error().into();
    }
    let mut item = parse_macro_input!(item as ItemEnum);
    let ident = item.ident.clone();
    let (mut arms, mut other) = (Vec::new(), quote!(Err(::edge::expansion::another_word())));
    for variant in &mut item.variants {
        let (name, word) = (variant.ident.clone(), snake(&variant.ident.to_string()));
        let is_other = variant.attrs.iter().any(|attribute| attribute.path().is_ident("other"));
        variant.attrs.retain(|attribute| !attribute.path().is_ident("other"));
        let value = match &mut variant.fields {
            Fields::Unit => quote!(Ok(#ident::#name)),
            Fields::Unnamed(parts) => {
                let parts = parts.unnamed.iter().map(|_| quote!(::edge::expansion::part(&json)?));
                quote!(Ok(#ident::#name(#(#parts),*)))
            }
            Fields::Named(fields) => {
                for field in &mut fields.named {
                    write_in_one_form(field, false);
                }
                let members = fields.named.clone();
                let names: Vec<_> = members.iter().filter_map(|member| member.ident.clone()).collect();
                fields.named.iter_mut().for_each(|field| field.attrs.retain(|attribute| !attribute.path().is_ident("serde")));
                quote! {{
                    #[derive(::serde::Deserialize)]
                    struct Members {
                        #members
                    }
                    let Members { #(#names),* } = ::edge::expansion::part(&json)?;
                    Ok(#ident::#name { #(#names),* })
                }}
            }
        };
        if is_other {
            other = value;
        } else {
            arms.push(quote!(#word => #value));
        }
    }
    quote! {
        #item

        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<#ident, D::Error> {
                let json = ::edge::expansion::json(deserializer)?;
                match ::edge::expansion::word(&json, #tag).as_str() {
                    #(#arms,)*
                    _ => #other,
                }
            }
        }
    }
    .into()
}

fn structure(mut item: ItemStruct, wanted: &Wanted) -> TokenStream {
    if let Fields::Named(fields) = &mut item.fields {
        for field in &mut fields.named {
            if !is(&field.ty, "Option") {
                write_in_one_form(field, true);
                continue;
            }
            if field.attrs.iter().any(|attr| attr.path().is_ident("serde")) {
                continue;
            }
            if within(&field.ty).is_some_and(has_one_form) {
                field.attrs.push(parse_quote!(#[serde(serialize_with = "::edge::validation::written_or_null::serialize")]));
                field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "::edge::validation::written::present")]));
            } else {
                field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "::edge::validation::present")]));
            }
            field.attrs.push(parse_quote!(#[serde(skip_serializing_if = "Option::is_none")]));
            // It tells the OpenAPI document what may be absent and is not null; for what is not always serialised it is left out.
            let default = quote!(schemars(extend("default" = Option::<()>::None)));
            field.attrs.push(parse_quote!(#[cfg_attr(not(target_arch = "wasm32"), #default)]));
        }
    }
    let Wanted { name, change } = wanted;
    let ident = &item.ident;
    let rule = [&ident.to_string(), "::is_a_change"].concat();
    let given = item.fields.iter().filter_map(|Field { ident, .. }| ident.as_ref());
    let rule_of_changes = change.then(|| {
        quote! {
            impl #ident {
                /// Some field is given.
                fn is_a_change(&self) -> ::core::result::Result<(), ::validator::ValidationError> {
                    if #(self.#given.is_some())||* { Ok(()) } else { Err(::validator::ValidationError::new("nothing_to_change")) }
                }
            }
        }
    });
    let rule = change.then(|| quote!(#[validate(schema(function = #rule))]));
    quote! {
        #[derive(Debug, ::serde::Deserialize, ::serde::Serialize, ::validator::Validate)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
        #(#name)*
        #rule
        #item
        #rule_of_changes
    }
    .into()
}

/// Days and moments are read and written by `validation::written`, unless the field says how itself.
fn write_in_one_form(field: &mut Field, is_described: bool) {
    let says = |word: &str| {
        let attributes = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde"));
        attributes.into_iter().any(|attribute| quote!(#attribute).to_string().contains(word))
    };
    if says("with") || says("flatten") {
        return;
    }
    if has_one_form(&field.ty) {
        field.attrs.push(parse_quote!(#[serde(serialize_with = "::edge::validation::written::serialize")]));
        field.attrs.push(parse_quote!(#[serde(deserialize_with = "::edge::validation::written::deserialize")]));
    } else if within(&field.ty).is_some_and(has_one_form) {
        if !says("default") {
            field.attrs.push(parse_quote!(#[serde(default)]));
            if is_described {
                // What goes out is always there.
                field.attrs.push(parse_quote!(#[cfg_attr(not(target_arch = "wasm32"), schemars(!default))]));
            }
        }
        field.attrs.push(parse_quote!(#[serde(serialize_with = "::edge::validation::written_or_null::serialize")]));
        field.attrs.push(parse_quote!(#[serde(deserialize_with = "::edge::validation::written_or_null::deserialize")]));
    }
}

/// Whether it is `validation::Written`: `DateTime<Utc>` or `NaiveDate`.
fn has_one_form(ty: &Type) -> bool {
    is(ty, "NaiveDate") || (is(ty, "DateTime") && within_of(ty, "DateTime").is_some_and(|zone| is(zone, "Utc")))
}

/// The type within an `Option`.
fn within(ty: &Type) -> Option<&Type> {
    within_of(ty, "Option")
}

fn within_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    }
}

/// An enum without data, as words in snake case or as its variants are renamed.
fn words(item: &ItemEnum, name: &[Attribute]) -> TokenStream {
    let ident = &item.ident;
    let variants = item.variants.iter().map(|variant| &variant.ident);
    let words = item.variants.iter().map(|variant| renamed(&variant.attrs).unwrap_or_else(|| snake(&variant.ident.to_string())));
    quote! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Deserialize, ::serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(not(target_arch = "wasm32"), derive(::edge::schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "::edge::schemars"))]
        #(#name)*
        #item

        impl ::edge::Word for #ident {
            fn word(self) -> &'static str {
                match self {
                    #(#ident::#variants => #words,)*
                }
            }
        }

        impl ::edge::ToSql for #ident {
            fn to_sql(&self) -> ::core::result::Result<Option<::std::borrow::Cow<'_, str>>, ::edge::expansion::Unsendable> {
                Ok(Some(::std::borrow::Cow::Borrowed(::edge::Word::word(*self))))
            }
        }
    }
    .into()
}

/// The word of `#[serde(rename = "FREE")]`.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let lists = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let metas = lists.filter_map(|list| list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()).flatten();
    metas.into_iter().find_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident("rename") => match pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(word), .. }) => Some(word.value()),
            _ => None,
        },
        _ => None,
    })
}

/// As serde's `snake_case`.
fn snake(variant: &str) -> String {
    let mut word = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// Whether a type's last segment has this name.
fn is(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// What an attribute asks for.
#[derive(Default)]
struct Wanted {
    /// `name = "Kaizen"`: what a type is called in the OpenAPI document, for good, whatever it is called here.
    name: Vec<Attribute>,
    /// `change`: some field must be given.
    change: bool,
}

impl Wanted {
    fn read(arguments: TokenStream) -> syn::Result<Wanted> {
        let mut wanted = Wanted::default();
        let parser = syn::meta::parser(|meta| wanted.take(&meta));
        syn::parse::Parser::parse(parser, arguments)?;
        Ok(wanted)
    }

    fn take(&mut self, meta: &ParseNestedMeta) -> syn::Result<()> {
        if meta.path.is_ident("change") {
            self.change = true;
            return Ok(());
        }
        if !meta.path.is_ident("name") {
            return Err(meta.error("only `name = \"…\"` and `change` are known"));
        }
        let name: LitStr = meta.value()?.parse()?;
        self.name
            .push(parse_quote!(#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = #name, extend("x-published" = true)))]));
        Ok(())
    }
}
