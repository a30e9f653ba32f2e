# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,968 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'effects-availability.svg'
set title "effects on availability: odds ratios [95%]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [39.7:0.3]
set logscale x
set xlabel 'odds ratio, against the first level'
set arrow from 1, graph 0 to 1, graph 1 nohead linecolor rgb '#888888'
$data << END
1 0.370732 0.357988 0.38393 0 "prohibition: self"
2 0.294049 0.28367 0.304807 0 "prohibition: others"
3 0.730339 0.711144 0.750051 0 "bond: bad"
4 1.44806 1.40702 1.4903 0 "bond: good"
5 2.00195 1.87034 2.14281 1 "bond x prohibition: bad x self"
6 2.28113 2.12961 2.44344 1 "bond x prohibition: bad x others"
7 0.517933 0.465331 0.57648 1 "bond x prohibition: good x self"
8 0.363299 0.327549 0.40295 1 "bond x prohibition: good x others"
9 1.29884 1.26876 1.32964 0 "group: 3"
10 0.776385 0.758471 0.794722 0 "watched: true"
11 1.22113 1.193 1.24993 0 "dependence: whole"
12 1.21486 1.18689 1.24348 0 "framing: punitive"
13 0.632079 0.587872 0.67961 1 "group x prohibition: 3 x self"
14 0.5231 0.486227 0.56277 1 "group x prohibition: 3 x others"
15 1.44808 1.34845 1.55506 1 "watched x prohibition: true x self"
16 1.79828 1.67364 1.93221 1 "watched x prohibition: true x others"
17 1.11569 1.09002 1.14196 0 "notice: announced"
18 0.754334 0.70283 0.809613 1 "framing x prohibition: punitive x self"
19 0.644622 0.600056 0.692498 1 "framing x prohibition: punitive x others"
20 0.769792 0.717064 0.826397 1 "dependence x prohibition: whole x self"
21 0.658038 0.612392 0.707087 1 "dependence x prohibition: whole x others"
22 0.85459 0.796271 0.91718 1 "notice x prohibition: announced x self"
23 0.790791 0.735908 0.849766 1 "notice x prohibition: announced x others"
24 0.88521 0.839645 0.933248 1 "bond x group: bad x 3"
25 1.07509 1.01406 1.13979 1 "bond x group: good x 3"
26 1.13941 1.0808 1.20121 1 "bond x watched: bad x true"
27 0.956577 0.902585 1.0138 1 "bond x watched: good x true"
28 0.912338 0.870842 0.955811 1 "watched x group: true x 3"
29 0.90873 0.8619 0.958105 1 "bond x framing: bad x punitive"
30 1.02918 0.971403 1.09039 1 "bond x framing: good x punitive"
31 0.920898 0.873429 0.970948 1 "bond x dependence: bad x whole"
32 1.04647 0.987681 1.10876 1 "bond x dependence: good x whole"
33 0.93275 0.884615 0.983503 1 "bond x notice: bad x announced"
34 1.04567 0.987159 1.10764 1 "bond x notice: good x announced"
35 1.06339 1.01505 1.11404 1 "dependence x group: whole x 3"
36 1.05563 1.00771 1.10584 1 "dependence x framing: whole x punitive"
37 0.947736 0.904683 0.992838 1 "dependence x watched: whole x true"
38 1.05519 1.00722 1.10545 1 "framing x group: punitive x 3"
39 0.951535 0.90832 0.996807 1 "watched x framing: true x punitive"
END
plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2', \
  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00'
