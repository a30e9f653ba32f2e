# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,968 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'effects-masked.svg'
set title "effects on masked: odds ratios [95%]" textcolor rgb '#222222'
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
1 0.0260367 0.0238476 0.0284268 0 "prohibition: self"
2 0.00172528 0.00144529 0.00205952 0 "prohibition: others"
3 0.137973 0.125984 0.151104 0 "bond: bad"
4 7.57921 7.02255 8.18 0 "bond: good"
5 0.200051 0.187122 0.213874 0 "watched: true"
6 4.19471 3.9295 4.47782 0 "group: 3"
7 3.38268 3.17305 3.60615 0 "framing: punitive"
8 3.2968 3.09138 3.51586 0 "dependence: whole"
9 1.98194 1.86331 2.10812 0 "notice: announced"
10 0.701541 0.585504 0.840576 1 "bond x group: bad x 3"
11 1.08453 0.944539 1.24527 1 "bond x group: good x 3"
12 0.910548 0.786551 1.05409 1 "group x prohibition: 3 x self"
13 0.508847 0.363372 0.712562 1 "group x prohibition: 3 x others"
14 1.27899 1.10336 1.48258 1 "watched x prohibition: true x self"
15 1.63335 1.13129 2.35824 1 "watched x prohibition: true x others"
16 1.54132 1.14858 2.06835 1 "bond x prohibition: bad x self"
17 1.19897 0.385172 3.73215 1 "bond x prohibition: bad x others"
18 0.802097 0.677568 0.949512 1 "bond x prohibition: good x self"
19 0.895093 0.562084 1.42539 1 "bond x prohibition: good x others"
20 1.16553 1.02781 1.32171 1 "watched x group: true x 3"
21 1.13924 1.00815 1.28737 1 "dependence x kinds: whole x mixed"
22 0.876279 0.773938 0.992154 1 "framing x group: punitive x 3"
23 0.885974 0.783707 1.00159 1 "group x kinds: 3 x mixed"
24 1.04456 0.901456 1.21038 1 "dependence x prohibition: whole x self"
25 0.678241 0.484265 0.949916 1 "dependence x prohibition: whole x others"
26 0.869594 0.756033 1.00021 1 "notice x prohibition: announced x self"
27 1.09948 0.78447 1.54099 1 "notice x prohibition: announced x others"
28 1.08382 0.9597 1.22399 1 "notice x kinds: announced x mixed"
29 0.874298 0.73384 1.04164 1 "bond x kinds: bad x mixed"
30 0.906197 0.79176 1.03718 1 "bond x kinds: good x mixed"
31 1.15716 0.958604 1.39684 1 "bond x watched: bad x true"
32 1.10034 0.958246 1.26351 1 "bond x watched: good x true"
33 0.991757 0.862673 1.14016 1 "kinds x prohibition: mixed x self"
34 0.763632 0.554238 1.05214 1 "kinds x prohibition: mixed x others"
35 0.877793 0.732762 1.05153 1 "bond x dependence: bad x whole"
36 1.01236 0.883353 1.1602 1 "bond x dependence: good x whole"
37 1.07565 0.950099 1.2178 1 "dependence x framing: whole x punitive"
38 0.891095 0.74663 1.06351 1 "bond x notice: bad x announced"
39 0.917648 0.801426 1.05073 1 "bond x notice: good x announced"
END
plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#0072b2', \
  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 linecolor rgb '#d55e00'
