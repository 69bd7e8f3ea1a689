"""Units of OPC UA as UCUM.

EUInformation (Part 8, 5.6.3) names a unit by a number: the three characters of its common code in UNECE
Recommendation 20 (rev. 17), as bytes, highest first; `CEL` (degree Celsius) is 0x43454C = 4408652. The UCUM codes are
those of the Unified Code for Units of Measure, version 2.2, case sensitive. The table holds what machines of a factory
measure; a unit that is not in it keeps the server's own words in the description and no UCUM code.
"""

from __future__ import annotations

CEFACT = "http://www.opcfoundation.org/UA/units/un/cefact"

# Common code of UNECE Rec 20 -> UCUM.
_CODES = """
    C62 1  P1 %  59 [ppm]  61 [ppb]  GP mg/m3  GQ ug/m3  GL g/L  M1 mg/L  23 g/cm3  KMQ kg/m3
    CEL Cel  KEL K  F10 K/h  H12 Cel/h  FAH [degF]  A48 [degR]
    MTR m  MMT mm  CMT cm  DMT dm  KMT km  4H um  C45 nm  INH [in_i]  FOT [ft_i]  YRD [yd_i]  SMI [mi_i]
    MTK m2  CMK cm2  MMK mm2  INK [in_i]2  FTK [ft_i]2  HAR har
    MTQ m3  LTR L  MLT mL  CLT cL  DLT dL  HLT hL  CMQ cm3  DMQ dm3  MMQ mm3  GLL [gal_us]  FTQ [ft_i]3  INQ [in_i]3
    SEC s  MIN min  HUR h  DAY d  WEE wk  MON mo  ANN a  C26 ms  B98 us  C47 ns
    KGM kg  GRM g  MGM mg  MC ug  TNE t  DTN dt  LBR [lb_av]  ONZ [oz_av]
    MTS m/s  KMH km/h  C16 mm/s  M41 mm/s2  K40 [g]  2M cm/s  2X m/min  H81 mm/min  FS [ft_i]/s  HM [mi_i]/h  MSK m/s2
    RPM {rev}/min  RPS {rev}/s  M46 {rev}/min  2A rad/s  2B rad/s2  E96 deg/s
    C81 rad  DD deg  D61 '  D62 ''  C25 mrad
    C94 /min  C97 /s  HTZ Hz  KHZ kHz  MHZ MHz  A86 GHz
    PAL Pa  KPA kPa  MPA MPa  A89 GPa  B85 ubar  A97 hPa  BAR bar  MBR mbar  74 mPa
    PS [psi]  ATM atm  UA mm[Hg]  HN mm[Hg]
    F79 [in_i'Hg]
    NEW N  B47 kN  NU N.m  B48 kN.m  J72 cN.m  D83 mN.m  N31 kN/m  C56 N/mm2
    JOU J  KJO kJ  3B MJ  WHR W.h  KWH kW.h  MWH MW.h  GWH GW.h  BTU [Btu_IT]  E14 kcal_IT  K51 kcal
    B42 kJ/kg
    WTT W  KWT kW  MAW MW  C31 mW  A90 GW  BHP [HP]
    D46 V.A  KVA kV.A  MVA MV.A  D44 var  KVR kvar  MAR Mvar  K3 kvar.h  MAH Mvar.h  C79 kV.A.h
    AMP A  4K mA  B84 uA  B22 kA  B99 uS  AMH A.h  VLT V  2Z mV  D82 uV  KVT kV  B78 MV  OHM Ohm  B49 kOhm  B75 MOhm
    FAR F  4O uF  C41 nF  81 H  C14 mH  COU C  D33 T  C29 mT  SIE S  D10 S/m  H61 mS/cm  G42 uS/cm
    MQH m3/h  MQS m3/s  40 mL/s  41 mL/min  L2 L/min  G51 L/s  E32 L/h  H60 m3/m3  G52 m3/d
    G53 m3/min  2L [ft_i]3/min  LD L/d
    KGS kg/s  E93 kg/h  F31 kg/min  F29 g/s  F28 g/min  E18 t/h  L71 t/d
    C65 Pa.s  C24 mPa.s  C7 cP  4C cSt  4T pF  D54 W/m2  D53 W/(m.K)  D55 W/(m2.K)
    LUX lx  LUM lm  CDL cd  2N dB  A99 bit  C37 kbit  D36 Mbit  AD By  2P kBy  4L MBy  E34 GBy  BPM {beat}/min
    Q30 [pH]  NTU {NTU}  C34 mol  M33 mmol/L  BQL Bq
"""

# What servers write where they give no code: the display name as it stands on displays.
_NAMES = """
    °C Cel  degC Cel  °F [degF]  K K  % %  bar bar  mbar mbar  Pa Pa  kPa kPa  MPa MPa  hPa hPa  psi [psi]  mm mm  cm cm
    m m  km km  µm um  s s  sec s  ms ms  min min  h h  d d  kg kg  g g  mg mg  t t  l L  L L  ml mL  m³ m3  m3 m3
    m² m2  m/s m/s  mm/s mm/s  m/min m/min  m/s² m/s2  km/h km/h  l/min L/min  L/min L/min  l/h L/h  L/h L/h  l/s L/s
    m³/h m3/h  m3/h m3/h  kg/h kg/h  kg/s kg/s  t/h t/h  rpm {rev}/min  1/min /min  min⁻¹ /min  U/min {rev}/min  Hz Hz
    kHz kHz  V V  mV mV  kV kV  A A  mA mA  W W  kW kW  MW MW  Wh W.h  kWh kW.h  MWh MW.h  J J  kJ kJ  VA V.A  kVA kV.A
    var var  kvar kvar  N N  kN kN  Nm N.m  N·m N.m  Ω Ohm  Ohm Ohm  ° deg  deg deg  rad rad  pH [pH]  ppm [ppm]  lx lx
    dB dB  cP cP  cSt cSt  µS/cm uS/cm  mS/cm mS/cm  mg/l mg/L  mg/L mg/L  g/l g/L  kg/m³ kg/m3  pcs {#}  pc {#}
"""


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_BY_CODE, _BY_NAME = _pairs(_CODES), _pairs(_NAMES)


def code_of(unit_id: int) -> str:
    """UNECE common code of a unit id, or nothing where the number is none."""
    try:
        text = unit_id.to_bytes(4, "big").lstrip(b"\x00").decode("ascii") if unit_id > 0 else ""
    except (OverflowError, UnicodeDecodeError):
        return ""
    return text if text.isalnum() else ""


def ucum_of(namespace: str | None, unit_id: int, name: str | None) -> str:
    """UCUM code of an EUInformation, or nothing: by the code where it is UNECE's, else by the display name."""
    if namespace in (None, "", CEFACT) and (found := _BY_CODE.get(code_of(unit_id))):
        return found
    return _BY_NAME.get((name or "").strip(), "")
