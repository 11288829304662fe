/**
 * Words that lean one way whatever is being sold, in the languages that the embedded models have words for: without
 * accents and apostrophes, as `readFeatures` sees them. English words also count with the endings s, ed, d, ing and ly.
 */
export const LEANING = {
  stronglyNegative: {
    en: 'awful terrible horrible disgusting appalling dreadful atrocious abysmal pathetic useless worst scam scammer fraud fraudster thief thieves steal stole stolen robbed ripoff liar lie lied lying furious livid fuming outrage outrageous unacceptable ridiculous disgrace disgraceful shameful shame joke nightmare hate hated hating despise garbage rubbish trash crap shit shitty bullshit fuck fucking wtf damn idiot idiots stupid incompetent incompetence rude insult insulting hopeless worthless never-again lawyer sue unbelievable shambles infuriating mess sick fed',
    de: 'furchtbar schrecklich katastrophe katastrophal unverschamt unverschamtheit frechheit betrug betruger abzocke wutend sauer stinksauer inakzeptabel lacherlich unmoglich schande mies miserabel ekelhaft scheisse scheiß verarscht saftladen unfassbar zumutung schlimmste schlechteste anwalt',
    fr: 'horrible affreux honteux honte scandaleux scandale inadmissible inacceptable nul nulle arnaque voleurs voleur furieux furieuse catastrophe catastrophique lamentable ridicule pire merde mensonge menteurs degoutant incompetents minable avocat',
    es: 'horrible terrible vergonzoso verguenza inaceptable estafa estafadores ladrones furioso furiosa indignado indignada indignante pesimo pesima peor asco mierda mentira mentirosos ridiculo desastre inutil inutiles lamentable abogado',
    it: 'orribile terribile vergogna vergognoso inaccettabile truffa truffatori ladri furioso furiosa arrabbiato arrabbiata arrabbiatissimo pessimo pessima peggiore schifo merda bugie ridicolo disastro inutile scandaloso avvocato',
    nl: 'vreselijk verschrikkelijk schandalig schande onacceptabel oplichting oplichters oplichter woedend boos kwaad waardeloos belachelijk slechtste ramp kut walgelijk leugens advocaat onbeschoft',
    pt: 'horrivel terrivel vergonha vergonhoso inaceitavel golpe ladroes furioso furiosa indignado indignada pessimo pessima pior nojo merda mentira ridiculo desastre inutil absurdo advogado',
  },
  negative: {
    en: 'bad badly poor poorly disappoint disappointed disappointing disappointment annoy annoyed annoying annoyance frustrate frustrated frustrating frustration angry anger upset unhappy dissatisfied sad sadly worried worry worrying concerned afraid fear fail failed failing failure broken broke breaking damaged defective faulty cracked torn ripped leak leaking missing lost late delayed delay slow wrong error mistake problem issue trouble complaint complain complaining ignored ignore ignoring silence nobody unfortunately regret refuse refused rejected misleading misled lousy cheap flimsy ugly uncomfortable difficult impossible hard pain painful waste wasted tired waiting waited weak loose noisy loud dirty smelly stained overpriced expensive overcharged unreliable unhelpful unprofessional careless confusing confused dead died dying die cry crying kill hurt hurting sorry lack lacking crash crashed sucks suck sucked stuck avoid beware junk cant wont doesnt didnt isnt wasnt nothing shocked shocking boring bored mad scary scared nervous hell disgusted fault unfair unsafe dangerous ruined ruin spoiled ashamed embarrassing embarrassed lonely miserable depressed depressing stress stressed stressful ugh meh',
    de: 'schlecht schlechte schlechter enttauscht enttauschend enttauschung arger argerlich verargert unzufrieden leider kaputt defekt beschadigt fehlt fehlen falsch falsche verspatet verzogert problem beschwerde beschwere mangelhaft niemand keinerlei traurig schade nervt nervig genervt warte warten dauernd vergeblich unfreundlich peinlich billig ignoriert frustriert frustrierend verloren',
    fr: 'mauvais mauvaise decu decue decevant deception malheureusement casse cassee abime abimee defectueux manque retard probleme plainte reclamation insatisfait mecontent mecontente enerve agace triste dommage jamais personne aucune aucun impossible attends perdu erreur faux',
    es: 'malo mala mal decepcionado decepcionada decepcion decepcionante lamentablemente desgraciadamente roto rota danado danada defectuoso falta retraso tarde problema queja reclamacion insatisfecho molesto molesta enfadado enfadada triste nunca nadie ningun ninguna imposible esperando perdido error harto harta',
    it: 'cattivo male brutto deluso delusa delusione deludente purtroppo rotto rotta rotti danneggiato danneggiata difettoso manca ritardo problema reclamo insoddisfatto insoddisfatta triste mai nessuno nessuna impossibile aspetto aspettando perso errore sbagliato sbagliata stufo stufa',
    nl: 'slecht slechte teleurgesteld teleurstellend teleurstelling helaas kapot beschadigd defect ontbreekt fout verkeerd verkeerde vertraging probleem klacht ontevreden vervelend irritant gefrustreerd jammer nooit niemand onmogelijk wacht wachten kwijt balen',
    pt: 'mau ma mal ruim decepcionado decepcionada decepcao infelizmente quebrado quebrada danificado danificada defeito falta atraso atrasado problema reclamacao queixa insatisfeito insatisfeita chateado chateada triste nunca ninguem impossivel espera esperando perdido erro errado farto farta',
  },
  positive: {
    en: 'good nice nicely fine well like liked likes enjoy enjoyed enjoying happy happily glad pleased pleasant please satisfied useful helpful help helped friendly kind kindly polite quick quickly fast easy easily smooth smoothly reliable solid sturdy comfortable comfy clean cute pretty fresh fun funny cool recommend recommended recommending appreciate appreciated grateful thank thanks thx ty cheers impressed impressive best better improved works worked welcome lucky worth handy clear bright sharp crisp durable affordable bargain interesting hope hopeful proud safe success successful successfully win won winning lol haha smile agree congrats congratulations bless cozy cosy tasty delicious yummy accurate convenient prompt promptly responsive generous soft warm elegant stylish yay favorite favourite',
    de: 'gut gute guter gutes schon schone schoner schones nett freundlich schnell schnelle zufrieden danke dank bedanke gerne freue freut froh glucklich empfehle empfehlen empfehlung hilfreich einfach praktisch bequem gefallt gelungen sauber zuverlassig lob hubsch klasse',
    fr: 'bon bonne bien beau belle jolie joli gentil gentille rapide rapidement content contente satisfait satisfaite merci heureux heureuse recommande utile facile pratique agreable efficace aime bravo sympa sympathique ravi ravie',
    es: 'bueno buena bien bonito bonita amable rapido rapida contento contenta satisfecho satisfecha gracias feliz recomiendo recomendable util facil practico comodo eficaz gusta encantado agradezco agradecido agradecida mejor lindo',
    it: 'buono buona bene bello bella gentile gentili veloce rapido rapida contento contenta soddisfatto soddisfatta grazie felice consiglio utile facile pratico comodo efficiente piace apprezzo bravi bravissimi complimenti carino',
    nl: 'goed goede mooi mooie leuk leuke vriendelijk snel snelle tevreden bedankt dank dankjewel dankuwel blij aanrader handig makkelijk fijn fijne netjes prettig lekker top complimenten',
    pt: 'bom boa bem bonito bonita gentil simpatico simpatica rapido rapida contente satisfeito satisfeita obrigado obrigada feliz recomendo util facil pratico gosto gostei agradeco melhor lindo linda',
  },
  stronglyPositive: {
    en: 'excellent amazing awesome fantastic wonderful brilliant perfect perfectly superb outstanding incredible love loved loving lovely beautiful beautifully gorgeous stunning delighted delightful thrilled ecstatic great greatest terrific fabulous magnificent marvelous marvellous exceptional phenomenal flawless excited exciting legend legends star stars heaven adore adorable chuffed heartfelt thankyou yum wow joy superbly',
    de: 'super toll tolle toller tolles wunderbar wunderschon fantastisch grossartig hervorragend ausgezeichnet perfekt perfekte genial spitze spitzenmassig begeistert traumhaft liebe lieben liebsten herzlichen herzlich hammer prima bestens',
    fr: 'excellent excellente genial geniale formidable fantastique parfait parfaite superbe magnifique merveilleux incroyable adore adorable adorables infiniment impeccable enchante enchantee extraordinaire splendide',
    es: 'excelente genial fantastico fantastica maravilloso maravillosa perfecto perfecta increible estupendo estupenda encanta encanto magnifico hermoso preciosa precioso impecable espectacular',
    it: 'eccellente ottimo ottima fantastico fantastica meraviglioso meravigliosa perfetto perfetta stupendo stupenda splendido splendida magnifico bellissimo bellissima adoro felicissima felicissimo impeccabile cuore',
    nl: 'geweldig geweldige fantastisch fantastische prachtig prachtige perfect perfecte uitstekend uitstekende super superblij fenomenaal subliem schitterend heerlijk',
    pt: 'excelente otimo otima fantastico fantastica maravilhoso maravilhosa perfeito perfeita incrivel adoro adorei amei espetacular impecavel lindissimo',
  },
  /** Turn what follows around. */
  negating: {
    en: 'not no never dont doesnt didnt isnt wasnt arent werent cant cannot couldnt wont wouldnt shouldnt havent hasnt hadnt aint without hardly barely nothing neither nor',
    de: 'nicht kein keine keinen keiner nie niemals ohne kaum',
    fr: 'pas ne jamais sans aucun aucune ni guere',
    es: 'no nunca jamas sin tampoco ni',
    it: 'non mai senza neppure nemmeno ne',
    nl: 'niet geen nooit zonder nauwelijks',
    pt: 'nao nunca jamais sem nem tampouco',
  },
} as const;

/** Signs that are read from the text itself, where words and accents do not matter. */
export const POSITIVE_SIGNS = /😊|😀|😃|😄|😁|😍|🥰|😘|🙂|👍|🙏|🎉|💕|💖|♥|❤|🤩|:-?\)|:D|;-?\)|<3/u;
export const NEGATIVE_SIGNS = /😡|😠|🤬|😤|😢|😭|😞|😔|🙁|☹|👎|🤮|💔|😒|🙄|😩|:'?-?\(|:\/(?!\/)/u;
