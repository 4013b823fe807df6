---What the seeded world is made of.
local M = {}

---Name, latitude and longitude.
M.sites = {
  { "Zendmast Hilversum-Noord", "52.2416", "5.1802" }, { "Zendmast Goes", "51.5043", "3.8886" },
  { "Zendmast Smilde", "52.9027", "6.4035" }, { "Toren Almere Haven", "52.3341", "5.2219" },
  { "Toren Roosendaal Borchwerf", "51.5520", "4.4382" },
  { "Onderstation Diemen", "52.3391", "4.9932" },
  { "Onderstation Geertruidenberg", "51.7003", "4.8551" },
  { "Onderstation Meeden", "53.1386", "6.9275" },
  { "Depot Utrecht Lage Weide", "52.1093", "5.0540" },
  { "Depot Zwolle Hessenpoort", "52.5430", "6.1478" },
  { "Pylône Mont Ventoux", "44.1741", "5.2788" },
  { "Pylône Forêt d'Orléans", "48.0102", "2.2360" },
  { "Pylône Saint-Gervais", "45.8920", "6.7126" },
  { "Poste électrique Avelin", "50.5394", "3.0792" },
  { "Poste électrique Tricastin", "44.3311", "4.7305" },
  { "Dépôt Lyon Vénissieux", "45.6971", "4.8862" },
  { "Dépôt Lille Lesquin", "50.5852", "3.1110" }, { "Winter Hill Mast", "53.6256", "-2.5148" },
  { "Emley Moor Tower", "53.6119", "-1.6644" }, { "Black Hill Mast", "55.8617", "-3.8728" },
  { "Bow Street Tower", "51.5136", "-0.1223" },
  { "Ratcliffe Substation", "52.8650", "-1.2553" },
  { "Kemsley Substation", "51.3616", "0.7478" }, { "Harker Substation", "54.9363", "-2.9605" },
  { "Depot Bristol Avonmouth", "51.5062", "-2.6962" },
  { "Depot Leeds Stourton", "53.7671", "-1.5129" },
  { "Trạm phát sóng Tam Đảo", "21.4569", "105.6440" },
  { "Trạm phát sóng Núi Cấm", "10.4876", "105.0009" },
  { "Trạm biến áp Hòa Bình", "20.8066", "105.3239" },
  { "Trạm biến áp Phú Lâm", "10.7528", "106.6275" },
  { "Kho Đà Nẵng Liên Chiểu", "16.0842", "108.1455" },
  { "Kho Hải Phòng", "20.8561", "106.6822" },
  { "Gerbrandy Tower", "52.0048", "5.0530" }, { "Waltham Mast", "52.8006", "-0.8001" },
  { "Emmen Oost Substation", "52.7861", "6.9370" },
  { "Pic du Midi Relay", "42.9370", "0.1410" },
  { "Sandy Heath Mast", "52.1302", "-0.2419" }, { "Mendip Mast", "51.2372", "-2.6257" },
  { "Onderstation Vijfhuizen", "52.3525", "4.6770" },
  { "Depot Eindhoven Acht", "51.4836", "5.4330" },
}

---Given name, family name, local part of the e-mail address.
M.technicians = {
  { "Zoë", "van den Berg", "zoe.vandenberg" }, { "Daan", "de Vries", "daan.devries" },
  { "Søren", "Kjær", "soren.kjaer" }, { "Émile", "Lefèvre", "emile.lefevre" },
  { "Nguyễn", "Văn Hùng", "hung.nguyen" }, { "Trần", "Thị Mai", "mai.tran" },
  { "Łukasz", "Wójcik", "lukasz.wojcik" }, { "José", "Muñoz", "jose.munoz" },
  { "Aoife", "Ní Bhriain", "aoife.nibhriain" }, { "Priya", "Raman", "priya.raman" },
  { "Jürgen", "Groß", "jurgen.gross" }, { "Chloé", "Dubois", "chloe.dubois" },
  { "Bram", "Visser", "bram.visser" }, { "Fatma", "Yıldız", "fatma.yildiz" },
  { "Lê", "Quốc Bảo", "bao.le" }, { "Harriet", "Cole", "harriet.cole" },
  { "Owen", "Price", "owen.price" }, { "Anaïs", "Moreau", "anais.moreau" },
  { "Sander", "Koç", "sander.koc" }, { "Ivo", "Dvořák", "ivo.dvorak" },
  { "Maya", "O'Connor", "maya.oconnor" }, { "Phạm", "Thu Hà", "ha.pham" },
  { "Tijs", "Bergsma", "tijs.bergsma" }, { "Eilidh", "MacLeod", "eilidh.macleod" },
}

M.offices = {
  { "Control Room", "control.room" }, { "Amélie Fontaine", "amelie.fontaine" },
  { "Ruben Hoekstra", "ruben.hoekstra" }, { "Đỗ Minh Anh", "anh.do" },
  { "Grace Whitfield", "grace.whitfield" }, { "Noor Jansen", "noor.jansen" },
}

---By language: what is wrong, and where the story goes on.
M.titles = {
  en = { "Generator does not start", "Door contact reports open", "Battery bank below 46 V",
    "Obstruction light failed", "Air conditioning alarm", "Fence damaged",
    "Rectifier module replaced",
    "Yearly inspection", "Water in cable duct", "Lock battery low" },
  nl = { "Noodaggregaat start niet", "Deurcontact meldt open", "Accu's onder 46 V",
    "Obstakelverlichting defect", "Storing klimaatinstallatie", "Hekwerk beschadigd",
    "Jaarlijkse keuring", "Water in kabelgoot", "Batterij van slot bijna leeg" },
  fr = { "Le groupe électrogène ne démarre pas", "Contact de porte ouvert",
    "Batteries sous 46 V",
    "Balisage lumineux en panne", "Alarme de climatisation", "Clôture endommagée",
    "Inspection annuelle", "Eau dans le caniveau de câbles" },
  vi = { "Máy phát điện không khởi động", "Cảm biến cửa báo mở", "Ắc quy dưới 46 V",
    "Đèn cảnh báo hỏng", "Điều hòa báo lỗi", "Hàng rào bị hư", "Kiểm tra hằng năm" },
}

M.descriptions = {
  en = "Reported by the monitoring system. Please check on site and write down what was found.",
  nl = "Gemeld door de bewaking. Graag ter plaatse controleren en de bevindingen noteren.",
  fr = "Signalé par la supervision. Merci de vérifier sur place et de noter le résultat.",
  vi = "Hệ thống giám sát đã báo. Vui lòng kiểm tra tại chỗ và ghi lại kết quả.",
}

M.tasks = { "Customer SHEQ Activities", "PDT", "Power maintenance", "Antenna work",
  "Inspection" }

M.companies = {
  "Northern Power", "Lowlands Broadcast", "Réseau Grand Est", "Viettel Hạ Tầng",
  "Bristol Fibre", "Waterland Energie", "Télécom des Alpes", "Humber Rail Signalling",
  "Mekong Grid", "Polder Datacentres",
}

M.projects = {
  "Field maintenance", "Tower strengthening", "Battery replacement", "Lock roll-out",
  "Fibre to the mast", "Substation renewal", "Obstruction lights", "Depot moves",
}

return M
