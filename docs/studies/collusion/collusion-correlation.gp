# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,338 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'collusion-correlation.svg'
set title "correlation of two agents' defences, given their situations [95%]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [8.7:0.3]
set key outside bottom center horizontal
set arrow from 0, graph 0 to 0, graph 1 nohead linecolor rgb '#888888'
$part0 << END
0.88 0.00533062 -0.00275455 0.0137284 1 "crew=honest"
1.88 0.00181063 -0.00477818 0.00837358 2 "crew=honest; solo"
2.88 -7.95724e-05 -0.00697291 0.00669248 3 "crew=asking"
3.88 -0.00315932 -0.0099274 0.00374036 4 "crew=asking; solo"
4.88 -0.000701518 -0.00739712 0.00614147 5 "crew=relaying"
5.88 0.000110607 -0.00742584 0.00755466 6 "crew=relaying; solo"
6.88 0.314586 0.295829 0.333786 7 "crew=pact"
7.88 0.322425 0.305013 0.339373 8 "crew=pact; solo"
END
$part1 << END
1.12 0.00533062 -0.00207262 0.0134511 1 "crew=honest"
2.12 0.00181063 -0.00532358 0.0085398 2 "crew=honest; solo"
3.12 0.10138 0.0928828 0.110316 3 "crew=asking"
4.12 -0.00315932 -0.0103604 0.00348096 4 "crew=asking; solo"
5.12 0.055794 0.0469671 0.0647221 5 "crew=relaying"
6.12 0.000110607 -0.00705179 0.00773095 6 "crew=relaying; solo"
7.12 0.314586 0.296703 0.331998 7 "crew=pact"
8.12 0.322425 0.304704 0.340899 8 "crew=pact; solo"
END
plot $part0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2' title 'spontaneous', \
  $part1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title 'total', \
  $part0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle
