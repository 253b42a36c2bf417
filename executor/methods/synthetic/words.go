package synthetic

import (
	"strings"
	"sync"
)

// slotSize is the number of choices for each slot of a question. It is prime: see prompt.go.
const slotSize = 17

// A topic gives the things and the tasks that a question is about.
type topic struct {
	name          string
	things, tasks words
}

// Words are cut up when they are first asked for: nearly every command does without them.
type words = func() []string

// list cuts words that stand between semicolons.
func list(s string) words {
	return sync.OnceValue(func() (out []string) {
		for part := range strings.SplitSeq(s, ";") {
			out = append(out, strings.Join(strings.Fields(part), " "))
		}
		return out
	})
}

var topics = []topic{
	{
		"cooking", list(`sourdough starter; cast-iron pan; sack of red lentils; smoked paprika; pressure cooker; leftover rice;
		tin of coconut milk; frozen spinach; bread knife; jar of anchovies; pasta machine; chestnut flour; stale baguette;
		pork shoulder; bag of quinces; steaming basket; vegetable stock`),
		list(`bake a loaf with an open crumb; cook dinner for eleven guests; keep a risotto from turning gluey;
		pickle cucumbers without vinegar; rescue an oversalted soup; roast vegetables evenly; make a gravy without flour;
		plan a week of lunches; poach eggs for a crowd; thicken a curry; fold dumplings quickly; stretch a stew to feed more people;
		caramelise onions properly; preserve a glut of plums; serve a hot meal outdoors; season a new skillet; bake without an oven`),
	},
	{
		"gardening", list(`raised bed; clay soil; compost heap; row of tomato plants; old pear tree; watering can; greenhouse heater;
		ivy on the wall; packet of kale seeds; lawn mower; rain barrel; potted lemon tree; hedge trimmer; bare-root roses;
		strip of shade; netting; bucket of wood ash`),
		list(`keep slugs off the seedlings; prune without losing next year's fruit; start a meadow from scratch;
		move a mature shrub; save seeds over winter; water everything during a drought; attract more bees; fix a patchy lawn;
		grow salad on a balcony; get rid of bindweed; time the first sowing; protect blossoms from frost; feed hungry pumpkins;
		plant under a dense conifer; build a cold frame; share a plot fairly; label every variety`),
	},
	{
		"travel", list(`overnight train; paper map; folding bicycle; ferry timetable; youth hostel; borrowed tent; rail pass;
		carry-on suitcase; phrase book; mountain hut; rental van; walking poles; museum card; night bus; travel insurance;
		spare passport photo; thermos flask`),
		list(`cross three borders in a weekend; travel with a toddler and a cello; find a quiet beach; sleep well on the way;
		pack for snow and heat at once; avoid the crowds; visit relatives without a car; plan a hike with many exits;
		catch a tight connection; eat cheaply near the station; get a refund for a cancelled crossing; spend a rainy day usefully;
		keep valuables safe; reach the trailhead early; learn enough of the language; send luggage ahead; celebrate a birthday on the road`),
	},
	{
		"software", list(`nightly build; legacy database; login form; flaky test; log file; message queue; spreadsheet import;
		search index; mobile layout; payment webhook; feature flag; memory leak; command-line tool; password reset; image cache;
		release branch; cron job`),
		list(`migrate the data without downtime; find out why it is slow; explain the outage to customers; write a test that matters;
		split a large change; delete dead code safely; estimate the remaining work; review an unfamiliar module;
		roll back a bad deployment; name things consistently; reproduce a rare crash; document the interface; onboard a new developer;
		reduce the number of alerts; choose between two libraries; protect the secrets; agree on a code style`),
	},
	{
		"money", list(`savings account; shoebox of receipts; second-hand car loan; pension letter; household budget; shared credit card;
		electricity contract; rental deposit; small inheritance; freelance invoice; tax return; emergency fund; dental bill;
		subscription list; exchange rate; garage sale; mortgage offer`),
		list(`save for a long trip; split costs with flatmates; compare two offers; cut spending without misery; pay back a friend;
		talk about money calmly; prepare for an irregular income; understand the fine print; teach children about interest;
		cancel what nobody uses; plan a modest wedding; set a fair price; ask for a raise; get through an expensive month;
		insure what matters; keep records in order; decide whether to rent or buy`),
	},
	{
		"fitness", list(`skipping rope; pair of worn trainers; swimming pool; sore knee; resistance band; stationary bike; yoga mat;
		standing desk; steep staircase; rowing machine; step counter; football pitch; stiff shoulder; morning run; gym membership;
		kettlebell; foam roller`),
		list(`train for a first half marathon; get moving after an illness; stretch after sitting all day; stay motivated in winter;
		learn to swim as an adult; build strength at home; warm up properly; recover from a hard week; exercise with a small child;
		improve balance; run without getting out of breath; fit exercise into lunch breaks; sleep better; track progress honestly;
		climb stairs without pain; choose a sport; return to cycling`),
	},
	{
		"repair", list(`dripping tap; squeaky floorboard; cordless drill; cracked tile; sash window; blocked gutter; loose hinge;
		wobbly table; radiator valve; peeling wallpaper; door frame; rusty bolt; garden gate; extension lead; paint tin; roof ladder;
		tube of sealant`),
		list(`fix it without calling a plumber; hang a heavy mirror; silence a rattling pipe; insulate a cold room; fill old screw holes;
		replace a broken pane; paint a ceiling cleanly; level an uneven shelf; stop a draught; strip varnish safely; sharpen dull tools;
		mount a bicycle on the wall; get rid of damp; match an old colour; patch a hole in plaster; free a stuck lock; rewire a lamp`),
	},
	{
		"writing", list(`cover letter; wedding speech; short story; complaint; newsletter; grant proposal; book review; diary;
		eulogy; instruction leaflet; travel blog; school report; radio script; condolence card; minutes of the meeting; poem;
		opening sentence`),
		list(`say no politely; cut the text by half; find a better title; begin without a cliche; write about a dull subject;
		thank a large team; sound less formal; describe a smell; disagree without offence; finish on time; quote someone fairly;
		explain a technical term; keep a reader curious; edit a friend's draft; invent a believable villain; summarise a long debate;
		overcome a blank page`),
	},
}

// The slots that questions of all topics have.
var (
	persons = list(`my neighbour; our choir treasurer; a retired colleague; my younger sister; the night porter; a shy trainee;
		our landlord; my old geography teacher; the new goalkeeper; a visiting cousin; the pharmacist next door; my flatmate;
		an impatient uncle; the club secretary; a first-time parent; our youngest apprentice; the beekeeper across the road`)
	places = list(`in a cramped attic flat; on a windy island; at the back of the library; in a village without shops;
		near the railway yard; on the fourth floor; beside a busy crossroads; in a converted barn; at my parents' place;
		in the basement workshop; on a canal boat; behind the town hall; in a shared kitchen; at the edge of the forest;
		under a leaking roof; in a student dormitory; by the harbour`)
	times = list(`before the end of March; on Sunday evenings; within forty minutes; during the school holidays; after a twelve-hour shift;
		by next Thursday; over the whole summer; early in the morning; between two appointments; while the baby sleeps;
		at the last moment; in the darkest weeks of the year; twice a month; until the guests arrive; on a public holiday;
		after the first frost; once the exams are over`)
	worries = list(`nobody has done it before; the budget is nearly gone; half of the instructions are missing;
		two of us disagree about the order; it went badly wrong last year; the neighbours complain easily; there is no running water;
		my back hurts when I bend; everyone is allergic to something; the manual is in Finnish; I am afraid of breaking it;
		the weather changes every hour; we have never met in person; it has to stay a surprise; the only expert moved to Lisbon;
		the power fails now and then; my handwriting is impossible to read`)
	wishes = list(`Keep it under five steps.; Please explain the reasons too.; A checklist would be ideal.; I learn best from examples.;
		Do not suggest buying anything.; Tell me what usually goes wrong.; Be honest if it cannot work.; Plain words, please.;
		Say how long each part takes.; I would like two alternatives.; Mention safety where it matters.; Start with the easiest part.;
		Assume that I know very little.; What should I check first?; Please be frank.; A rough sketch of a plan is enough.;
		I will read it on a small screen.`)
)

// forms are the shapes of a question. Each slot stands in each of them once.
var forms = []string{
	"{Person} wants to {task} {place}, but {worry}. What would you do with the {thing} {time}? {Wish}",
	"I promised {person} that I would {task} {time}. We have the {thing}, and {worry}. How should we begin {place}? {Wish}",
	"Could you explain to {person} how to {task}? It has to happen {place} {time}, and {worry}. There is the {thing}, too. {Wish}",
	"The other day {person} asked me about the {thing} {place}. Since {worry}, how does one {task} {time}? {Wish}",
	"How do you {task} when {worry}? Think of {person} {place} with nothing but the {thing} {time}. {Wish}",
	"Write a plan for {person}, who has to {task} {place} {time}. All that is left is the {thing}, and {worry}. {Wish}",
}
