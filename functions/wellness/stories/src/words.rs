//! Our own sentences, of which stories are put together. `{…|…|…|…}` is what is said from the view of `je`, `il`, `elle` and `nous`.

/// What a theme says: how it may be called, begin and end, and what may happen in between.
pub struct Theme {
    pub word: &'static str,
    pub titles: [&'static str; 3],
    pub openings: [&'static str; 3],
    pub middles: [&'static str; 8],
    pub endings: [&'static str; 3],
}

pub const THEMES: [Theme; 7] = [
    Theme {
        word: "calme",
        titles: ["La maison au bord du lac", "Une heure sans horloge", "Le banc sous le tilleul"],
        openings: [
            "Le matin {m'ouvre|lui ouvre|lui ouvre|nous ouvre} une maison silencieuse au bord d'un lac.",
            "Sous le tilleul, un banc de bois clair {m'attend|l'attend|l'attend|nous attend} depuis toujours.",
            "Ce jour-là, toutes les horloges se sont tues, et personne ne s'en plaint.",
        ],
        middles: [
            "L'eau ne bouge presque pas ; une feuille y tourne lentement sur elle-même.",
            "{Je pose|Il pose|Elle pose|Nous posons} les mains à plat sur la table et {j'écoute|il écoute|elle écoute|nous écoutons}.",
            "Une bouilloire chante dans la pièce voisine, puis se tait.",
            "Le chat choisit le carré de soleil le plus large et s'y endort.",
            "Par la fenêtre entrouverte vient une odeur de pluie ancienne.",
            "{Je compte|Il compte|Elle compte|Nous comptons} les cercles sur l'eau, sans chercher la fin.",
            "Une barque glisse au loin, si loin que ses rames ne font aucun bruit.",
            "L'ombre du tilleul avance d'un pas, et rien d'autre ne change.",
        ],
        endings: [
            "Le soir arrive comme on referme un livre aimé, sans faire claquer la couverture.",
            "Le lac garde la dernière lumière pour la rendre demain.",
            "{Je me lève|Il se lève|Elle se lève|Nous nous levons} enfin, et le silence {me suit|le suit|la suit|nous suit} jusqu'à la porte.",
        ],
    },
    Theme {
        word: "aventure",
        titles: ["La carte pliée en huit", "Au-delà du dernier phare", "Le col des Trois Vents"],
        openings: [
            "La carte était pliée en huit dans une boîte à biscuits ; au matin, {je pars|il part|elle part|nous partons}.",
            "Le dernier phare est derrière {moi|lui|elle|nous}, et devant il n'y a plus que la houle.",
            "Au pied du col, le sentier se divise, et {je prends|il prend|elle prend|nous prenons} celui que personne n'a marqué.",
        ],
        middles: [
            "Un pont de corde relie deux falaises ; {j'avance|il avance|elle avance|nous avançons} planche après planche.",
            "Dans le sable, des traces de renard dessinent une route plus sûre que la carte.",
            "Un orage passe si près que l'air sent la pierre à feu.",
            "{Je trouve|Il trouve|Elle trouve|Nous trouvons} une lampe à huile, et il y reste assez d'huile pour une nuit.",
            "Sur la paroi, quelqu'un a gravé une flèche et le mot « encore ».",
            "La rivière est froide ; {je la passe|il la passe|elle la passe|nous la passons} les chaussures autour du cou.",
            "Au sommet du rocher, le vent change de langue.",
            "Un vieux guide partage son pain et n'explique rien, ce qui est une façon d'aider.",
        ],
        endings: [
            "Derrière la dernière crête, il y a une vallée, et la carte ne la connaissait pas.",
            "{Je replie|Il replie|Elle replie|Nous replions} la carte en quatre seulement : elle a grandi.",
            "Le phare, au retour, semble cligner d'un œil.",
        ],
    },
    Theme {
        word: "poetique",
        titles: ["Le marchand de brumes", "L'alphabet des hirondelles", "La lune dans le seau"],
        openings: [
            "Un marchand passe dans la rue en criant qu'il vend de la brume au mètre.",
            "Les hirondelles écrivent sur le fil une phrase que {je lis|il lit|elle lit|nous lisons} à mi-voix.",
            "La lune est tombée dans le seau du puits, et {je la remonte|il la remonte|elle la remonte|nous la remontons} doucement.",
        ],
        middles: [
            "Chaque pavé retient un mot de la pluie d'hier.",
            "{J'échange|Il échange|Elle échange|Nous échangeons} une ombre contre deux reflets.",
            "Un violon s'accorde quelque part, et la rue se met à pencher.",
            "Les fenêtres ouvrent leurs paupières l'une après l'autre.",
            "{Je range|Il range|Elle range|Nous rangeons} le vent dans une boîte trop petite ; il chante.",
            "Une lettre sans adresse trouve toute seule la bonne porte.",
            "Le pain du matin a la couleur exacte d'un souvenir.",
            "Un enfant dessine un escalier, et les moineaux l'essaient.",
        ],
        endings: [
            "Au bout de la rue, la brume vendue dans la journée rentre dormir chez son marchand.",
            "La phrase des hirondelles s'envole avant son point.",
            "{Je repose|Il repose|Elle repose|Nous reposons} le seau ; la lune, dedans, ne veut plus sortir.",
        ],
    },
    Theme {
        word: "mysterieux",
        titles: ["La treizième porte", "Le gardien des clefs perdues", "Ce que disait l'écho"],
        openings: [
            "La maison a douze portes ; ce soir, {j'en compte|il en compte|elle en compte|nous en comptons} treize.",
            "On {m'a|lui a|lui a|nous a} remis une clef trop légère pour ouvrir quoi que ce soit.",
            "Dans la vallée, l'écho répond un mot de plus que celui qu'on lui a dit.",
        ],
        middles: [
            "La bougie se penche, comme pour lire par-dessus une épaule.",
            "{Je trouve|Il trouve|Elle trouve|Nous trouvons} sur la marche une plume blanche, encore tiède.",
            "Un portrait sourit un peu moins que la veille.",
            "L'horloge sonne une heure qui n'est sur aucun cadran.",
            "{Je suis|Il suit|Elle suit|Nous suivons} un fil rouge qui passe sous les tapis.",
            "Une voix compte tout bas, de l'autre côté du mur, et s'arrête toujours à neuf.",
            "Dans le miroir, la pièce est la même, mais la fenêtre y est ouverte.",
            "Un tiroir fermé depuis longtemps ne contient qu'un grain de sable, très poli.",
        ],
        endings: [
            "La treizième porte donnait sur le jardin, et le jardin sur le matin.",
            "La clef n'ouvrait rien : elle fermait doucement ce qui devait l'être.",
            "L'écho a dit son mot de plus, et c'était « merci ».",
        ],
    },
    Theme {
        word: "romance",
        titles: ["La lettre du quai sept", "Deux parapluies", "Le café du dimanche"],
        openings: [
            "Sur le quai sept, une lettre {m'attend|l'attend|l'attend|nous attend}, glissée sous le banc.",
            "Il pleut, et deux parapluies de la même couleur se trompent de main.",
            "Chaque dimanche, au café, quelqu'un garde la même chaise, et ce dimanche elle est {pour moi|pour lui|pour elle|pour nous}.",
        ],
        middles: [
            "L'écriture est penchée, comme quelqu'un qui s'approche pour parler bas.",
            "{Je réponds|Il répond|Elle répond|Nous répondons} trois lignes, et {j'en garde|il en garde|elle en garde|nous en gardons} deux.",
            "Un tram passe, et avec lui un sourire que la vitre double.",
            "Il reste sur la table deux tasses et une seule cuillère.",
            "Une chanson ancienne sort d'une radio, et personne ne change de station.",
            "{J'apprends|Il apprend|Elle apprend|Nous apprenons} un prénom comme on apprend le chemin d'un jardin.",
            "Les réverbères s'allument par paires.",
            "Un gant oublié devient une bonne raison de revenir.",
        ],
        endings: [
            "Le train de nuit peut attendre : il y en a un autre demain.",
            "La pluie cesse, et aucun des deux parapluies ne se referme.",
            "La chaise d'en face n'est plus vide, et le dimanche dure un peu plus longtemps.",
        ],
    },
    Theme {
        word: "introspection",
        titles: ["Le grenier de l'enfance", "La chambre aux miroirs", "Inventaire d'un soir"],
        openings: [
            "{Je monte|Il monte|Elle monte|Nous montons} au grenier, où chaque caisse porte une année.",
            "Dans la chambre aux miroirs, {je cherche|il cherche|elle cherche|nous cherchons} celui qui ne juge pas.",
            "Ce soir, {je fais|il fait|elle fait|nous faisons} l'inventaire de ce qui reste quand le bruit s'en va.",
        ],
        middles: [
            "Une photo montre un visage inquiet d'une chose oubliée depuis.",
            "{Je retrouve|Il retrouve|Elle retrouve|Nous retrouvons} une peur ancienne ; elle est devenue petite.",
            "Un cahier d'écolier dit « je veux être grand » et ne dit pas pourquoi.",
            "Entre deux pages, une fleur sèche a gardé la forme d'un après-midi.",
            "{Je me demande|Il se demande|Elle se demande|Nous nous demandons} qui {m'a|lui a|lui a|nous a} appris à tenir bon, et la réponse a plusieurs noms.",
            "La poussière, dans le rai de lumière, ne semble pas pressée de retomber.",
            "Une vieille erreur, regardée de près, avait de bonnes raisons.",
            "Au fond d'une caisse, un jouet sait encore tourner.",
        ],
        endings: [
            "{Je referme|Il referme|Elle referme|Nous refermons} la trappe sans la verrouiller.",
            "Le miroir qui ne juge pas était la fenêtre, la nuit, avec les étoiles derrière.",
            "L'inventaire tient en une ligne, et c'est assez pour dormir.",
        ],
    },
    Theme {
        word: "nature",
        titles: ["La clairière aux fougères", "Une journée de rivière", "Le chêne et l'étourneau"],
        openings: [
            "La clairière se découvre d'un coup, entre deux murs de fougères.",
            "La rivière est levée avant tout le monde, et {je la rejoins|il la rejoint|elle la rejoint|nous la rejoignons}.",
            "Un étourneau, sur le chêne, annonce la journée dans toutes les langues qu'il connaît.",
        ],
        middles: [
            "La mousse garde la forme de la main que {j'y pose|il y pose|elle y pose|nous y posons}.",
            "Une libellule vérifie chaque roseau, comme un accordeur.",
            "Le vent passe dans les hêtres et les feuilles répondent en retard.",
            "{Je m'assieds|Il s'assied|Elle s'assied|Nous nous asseyons} sur une pierre que le soleil a préparée.",
            "Une biche traverse, s'arrête, et décide que tout va bien.",
            "L'écorce du bouleau se lit comme un journal sans nouvelles.",
            "Dans le ruisseau, les galets discutent à voix basse.",
            "Un nuage prend son temps au-dessus de la colline, et la colline ne proteste pas.",
        ],
        endings: [
            "Les fougères se referment derrière {moi|lui|elle|nous} ; la clairière reste ouverte.",
            "La rivière continue seule, sans se retourner, comme elle sait faire.",
            "L'étourneau répète une dernière fois la journée, en l'abrégeant.",
        ],
    },
];

/// What a tone adds.
pub const TONES: [(&str, [&str; 5]); 6] = [
    (
        "apaisant",
        [
            "Rien ne presse, et le souffle le sait.",
            "Les épaules descendent d'elles-mêmes.",
            "Il y a de la place pour chaque chose.",
            "Le temps s'élargit comme une rive.",
            "Tout peut attendre la fin de cette minute.",
        ],
    ),
    (
        "encourageant",
        [
            "Un pas suffit, puis le suivant se montre.",
            "Ce qui semblait lourd trouve sa poignée.",
            "La force était là, simplement assise.",
            "{J'ai|Il a|Elle a|Nous avons} déjà traversé plus difficile.",
            "Le plus dur, c'était de commencer, et c'est fait.",
        ],
    ),
    (
        "contemplatif",
        [
            "{Je regarde|Il regarde|Elle regarde|Nous regardons} sans vouloir emporter.",
            "Le détail le plus petit prend toute la lumière.",
            "La question reste ouverte, et c'est une belle fenêtre.",
            "Ce qui passe laisse voir ce qui demeure.",
            "Un long moment, il n'y a rien à ajouter.",
        ],
    ),
    (
        "joyeux",
        [
            "Un rire part tout seul et revient accompagné.",
            "L'air a le goût des vacances.",
            "Même les cailloux ont l'air de bonne humeur.",
            "{Je fais|Il fait|Elle fait|Nous faisons} trois pas de danse, pour voir.",
            "La lumière applaudit sur les vitres.",
        ],
    ),
    (
        "nostalgique",
        [
            "Cela ressemble à un été d'autrefois, en plus doux.",
            "Une odeur ouvre une porte que l'on croyait murée.",
            "Ce qui n'est plus tient encore chaud.",
            "{Je reconnais|Il reconnaît|Elle reconnaît|Nous reconnaissons} l'air sans retrouver les paroles.",
            "Le passé salue de loin, sans appeler.",
        ],
    ),
    (
        "esperant",
        [
            "Quelque chose, plus loin, a déjà commencé.",
            "La nuit la plus longue apprend aussi le nom du jour.",
            "Sous la neige, une pousse tient conseil.",
            "{Je laisse|Il laisse|Elle laisse|Nous laissons} une lampe allumée pour demain.",
            "Une porte reste entrebâillée, et c'est bon signe.",
        ],
    ),
];

/// What a style adds.
pub const STYLES: [(&str, [&str; 5]); 4] = [
    (
        "sobre",
        [
            "C'est tout, et c'est bien.",
            "Le reste se tait.",
            "{Je continue|Il continue|Elle continue|Nous continuons}.",
            "Il n'en faut pas davantage.",
            "Les choses sont à leur place.",
        ],
    ),
    (
        "lyrique",
        [
            "Ô lenteur, grande sœur des choses vraies !",
            "Et l'azur, là-haut, déplie ses draps immenses.",
            "Comme une voile le cœur prend le vent.",
            "Mille étincelles disent oui sur la pente du jour.",
            "Chante encore, clarté, chante pour les seuils !",
        ],
    ),
    (
        "journal",
        [
            "À noter : la lumière était plus basse que prévu.",
            "Écrit debout, d'une main.",
            "{Je relirai|Il relira|Elle relira|Nous relirons} cette ligne un jour de pluie.",
            "En marge, un petit soleil au crayon.",
            "Heure inconnue, temps clair.",
        ],
    ),
    (
        "dialogue",
        [
            "« Tu entends ? » demande une voix. « Oui, j'entends. »",
            "« Et maintenant ? » « Maintenant, on reste un peu. »",
            "« C'est encore loin ? » « C'est déjà ici. »",
            "« Que cherches-tu ? » « Rien, et je trouve. »",
            "« On se reverra ? » « On ne s'est jamais quittés. »",
        ],
    ),
];
