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
0.88 0.00533062 -0.00242824 0.0126283 1 "crew=honest"
1.88 0.00181063 -0.00504278 0.00833596 2 "crew=honest; solo"
2.88 -7.95724e-05 -0.00669797 0.00637722 3 "crew=asking"
3.88 -0.00315932 -0.0101923 0.00383219 4 "crew=asking; solo"
4.88 -0.000701518 -0.00730508 0.00621928 5 "crew=relaying"
5.88 0.000110607 -0.00761838 0.00738853 6 "crew=relaying; solo"
6.88 0.314586 0.297545 0.334189 7 "crew=pact"
7.88 0.322425 0.304564 0.339186 8 "crew=pact; solo"
END
$part1 << END
1.12 0.00533062 -0.00249324 0.0129891 1 "crew=honest"
2.12 0.00181063 -0.00512081 0.0086892 2 "crew=honest; solo"
3.12 0.10138 0.0921016 0.109528 3 "crew=asking"
4.12 -0.00315932 -0.0102624 0.00387599 4 "crew=asking; solo"
5.12 0.055794 0.04782 0.063969 5 "crew=relaying"
6.12 0.000110607 -0.00784781 0.0075301 6 "crew=relaying; solo"
7.12 0.314586 0.297152 0.333223 7 "crew=pact"
8.12 0.322425 0.304768 0.339344 8 "crew=pact; solo"
END
plot $part0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2' title 'spontaneous', \
  $part1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00' title 'total', \
  $part0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle
