# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,946 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'effects-relaunched_by_peers.svg'
set title "effects on relaunched_by_peers: odds ratios [95%]" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set border 1
set grid xtics linecolor rgb '#dddddd' linetype 1
set yrange [38.7:0.3]
set logscale x
set xlabel 'odds ratio, against the first level'
set arrow from 1, graph 0 to 1, graph 1 nohead linecolor rgb '#888888'
$data << END
1 0.0244144 0.0225035 0.0264877 0 "prohibition: self"
2 0.00131502 0.00113921 0.00151798 0 "prohibition: others"
3 0.120352 0.110727 0.130814 0 "bond: bad"
4 7.05469 6.55811 7.58887 0 "bond: good"
5 0.199585 0.187302 0.212672 0 "watched: true"
6 4.58669 4.30277 4.88933 0 "group: 3"
7 3.33419 3.13851 3.54206 0 "framing: punitive"
8 3.28287 3.09051 3.48721 0 "dependence: whole"
9 1.80805 1.705 1.91732 0 "notice: announced"
10 0.783804 0.688495 0.892306 1 "group x prohibition: 3 x self"
11 0.664556 0.505333 0.873947 1 "group x prohibition: 3 x others"
12 1.10737 0.972736 1.26063 1 "watched x prohibition: true x self"
13 1.6821 1.29181 2.1903 1 "watched x prohibition: true x others"
14 1.28807 1.03028 1.61035 1 "bond x prohibition: bad x self"
15 1.19307 0.550434 2.58597 1 "bond x prohibition: bad x others"
16 0.747371 0.644071 0.867238 1 "bond x prohibition: good x self"
17 0.765701 0.556297 1.05393 1 "bond x prohibition: good x others"
18 0.899901 0.801416 1.01049 1 "framing x kinds: punitive x mixed"
19 0.906221 0.806985 1.01766 1 "dependence x notice: whole x announced"
20 0.863587 0.738471 1.0099 1 "bond x notice: bad x announced"
21 1.03447 0.908992 1.17728 1 "bond x notice: good x announced"
22 0.915923 0.806645 1.04 1 "framing x prohibition: punitive x self"
23 0.785959 0.609973 1.01272 1 "framing x prohibition: punitive x others"
24 1.09316 0.972144 1.22924 1 "watched x framing: true x punitive"
25 0.969428 0.852711 1.10212 1 "dependence x prohibition: whole x self"
26 0.765753 0.595753 0.984264 1 "dependence x prohibition: whole x others"
27 0.914055 0.779684 1.07158 1 "bond x framing: bad x punitive"
28 0.874587 0.767935 0.996052 1 "bond x framing: good x punitive"
29 1.07472 0.954414 1.21018 1 "watched x group: true x 3"
30 0.915417 0.808229 1.03682 1 "kinds x prohibition: mixed x self"
31 1.05935 0.836161 1.34212 1 "kinds x prohibition: mixed x others"
32 1.06713 0.950081 1.1986 1 "notice x framing: announced x punitive"
33 1.1277 0.959449 1.32545 1 "bond x watched: bad x true"
34 1.05712 0.927739 1.20455 1 "bond x watched: good x true"
35 1.04672 0.932209 1.17529 1 "dependence x kinds: whole x mixed"
36 0.970431 0.828603 1.13653 1 "bond x dependence: bad x whole"
37 1.04863 0.92101 1.19393 1 "bond x dependence: good x whole"
38 0.958117 0.852804 1.07644 1 "group x kinds: 3 x mixed"
END
plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2', \
  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00'
