# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,600 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'thresholds.svg'
set title "" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
set multiplot layout 2,3 title "survival against rate, by size; dashed: known, grey: crossing of the largest two" font ',14'
$c0_0 << END
0.9 0.212 0.187794 0.23841
0.95 0.243 0.217433 0.270533
1 0.299 0.271438 0.328101
1.05 0.376 0.346507 0.406442
1.1 0.4 0.370075 0.430691
1.15 0.454 0.423376 0.484976
END
$c0_1 << END
0.9 0.125 0.105926 0.146944
0.95 0.207 0.183033 0.23321
1 0.348 0.319109 0.378054
1.05 0.48 0.449171 0.510982
1.1 0.61 0.579404 0.639755
1.15 0.753 0.725336 0.778728
END
$c0_2 << END
0.9 0.031 0.021924 0.0436655
0.95 0.14 0.119869 0.162887
1 0.313 0.285021 0.34241
1.05 0.66 0.630077 0.688698
1.1 0.9 0.879848 0.917091
1.15 0.983 0.972944 0.989359
END
set title "tipping-complete" font ',12' textcolor rgb '#222222'
unset object
unset arrow
unset label
set yrange [0:1]
set key top left samplen 1 font ',11'
set xtics (0.9, 1.05, 1.15)
set label '1.0033 [0.9953, 1.0117]' at graph 0.98, graph 0.05 right font ',10'
set object rectangle from first 0.9952831808, graph 0 to first 1.011652582, graph 1 fillcolor rgb '#eeeeee' fillstyle solid noborder behind
set arrow from first 1, graph 0 to first 1, graph 1 nohead dashtype 2 linecolor rgb '#d55e00'
plot $c0_0 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#56b4e9' title '32', $c0_1 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#0072b2' title '128', $c0_2 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#222222' title '512'
$c1_0 << END
0.53 0.222 0.187769 0.26047
0.535 0.254 0.21782 0.293931
0.54 0.27 0.232949 0.310559
0.545 0.334 0.294064 0.376467
0.55 0.364 0.323011 0.407062
0.555 0.396 0.354082 0.439504
END
$c1_1 << END
0.53 0.206 0.172857 0.243626
0.535 0.254 0.21782 0.293931
0.54 0.352 0.311411 0.394846
0.545 0.464 0.420728 0.507821
0.55 0.522 0.478215 0.565449
0.555 0.608 0.564541 0.649813
END
$c1_2 << END
0.53 0.116 0.0908137 0.147042
0.535 0.2 0.167285 0.237289
0.54 0.362 0.321076 0.405028
0.545 0.49 0.446426 0.533726
0.55 0.71 0.668745 0.748053
0.555 0.832 0.796726 0.862212
END
set title "tipping-regular3" font ',12' textcolor rgb '#222222'
unset object
unset arrow
unset label
set yrange [0:1]
set key top left samplen 1 font ',11'
set xtics (0.53, 0.545, 0.555)
set label '0.5409 [0.5386, 0.5433]' at graph 0.98, graph 0.05 right font ',10'
set object rectangle from first 0.5385871381, graph 0 to first 0.5433483368, graph 1 fillcolor rgb '#eeeeee' fillstyle solid noborder behind
set arrow from first 0.542, graph 0 to first 0.542, graph 1 nohead dashtype 2 linecolor rgb '#d55e00'
plot $c1_0 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#56b4e9' title '128', $c1_1 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#0072b2' title '512', $c1_2 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#222222' title '2048'
$c2_0 << END
0.335 0.266 0.22916 0.306408
0.34 0.278 0.240537 0.318849
0.345 0.312 0.272953 0.353914
0.35 0.354 0.313342 0.396884
0.355 0.424 0.381424 0.467735
0.36 0.5 0.456341 0.543659
END
$c2_1 << END
0.335 0.222 0.187769 0.26047
0.34 0.324 0.284455 0.366228
0.345 0.4 0.357979 0.443546
0.35 0.494 0.45039 0.537701
0.355 0.602 0.558475 0.64397
0.36 0.75 0.710236 0.785952
END
$c2_2 << END
0.335 0.072 0.052458 0.0980684
0.34 0.166 0.135958 0.201135
0.345 0.364 0.323011 0.407062
0.35 0.688 0.646086 0.727047
0.355 0.848 0.813886 0.876808
0.36 0.952 0.929573 0.967535
END
set title "tipping-regular4" font ',12' textcolor rgb '#222222'
unset object
unset arrow
unset label
set yrange [0:1]
set key top left samplen 1 font ',11'
set xtics (0.335, 0.35, 0.36)
set label '0.3453 [0.3441, 0.3465]' at graph 0.98, graph 0.05 right font ',10'
set object rectangle from first 0.3441335545, graph 0 to first 0.3465317461, graph 1 fillcolor rgb '#eeeeee' fillstyle solid noborder behind
set arrow from first 0.3452, graph 0 to first 0.3452, graph 1 nohead dashtype 2 linecolor rgb '#d55e00'
plot $c2_0 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#56b4e9' title '128', $c2_1 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#0072b2' title '512', $c2_2 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#222222' title '2048'
$c3_0 << END
1.6 0.282857 0.250748 0.317337
1.62 0.357143 0.322515 0.39333
1.64 0.331429 0.29756 0.367137
1.66 0.4 0.364349 0.436742
1.68 0.375714 0.340607 0.412178
1.7 0.43 0.393805 0.466959
END
$c3_1 << END
1.6 0.211429 0.182797 0.24321
1.62 0.278571 0.246639 0.312921
1.64 0.29 0.257604 0.324688
1.66 0.378571 0.343395 0.415073
1.68 0.451429 0.414929 0.488459
1.7 0.505714 0.468747 0.542619
END
$c3_2 << END
1.6 0.127143 0.104483 0.153873
1.62 0.178571 0.151977 0.208675
1.64 0.282857 0.250748 0.317337
1.66 0.411429 0.375554 0.44827
1.68 0.54 0.502961 0.576603
1.7 0.642857 0.60667 0.677485
END
set title "tipping-ring" font ',12' textcolor rgb '#222222'
unset object
unset arrow
unset label
set yrange [0:1]
set key top left samplen 1 font ',11'
set xtics (1.6, 1.66, 1.7)
set label '1.6496 [1.6393, 1.6608]' at graph 0.98, graph 0.05 right font ',10'
set object rectangle from first 1.639305481, graph 0 to first 1.660809832, graph 1 fillcolor rgb '#eeeeee' fillstyle solid noborder behind
set arrow from first 1.6489, graph 0 to first 1.6489, graph 1 nohead dashtype 2 linecolor rgb '#d55e00'
plot $c3_0 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#56b4e9' title '16', $c3_1 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#0072b2' title '32', $c3_2 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#222222' title '64'
$c4_0 << END
0.4 0.395556 0.351445 0.441434
0.405 0.446667 0.401377 0.492859
0.41 0.44 0.394837 0.486179
0.415 0.517778 0.471655 0.563599
0.42 0.553333 0.507141 0.598623
0.425 0.62 0.574316 0.663652
END
$c4_1 << END
0.4 0.26 0.221625 0.302438
0.405 0.34 0.297751 0.384957
0.41 0.46 0.414484 0.506193
0.415 0.568889 0.52274 0.613872
0.42 0.686667 0.642383 0.727791
0.425 0.802222 0.762928 0.8364
END
$c4_2 << END
0.4 0.0222222 0.0121146 0.040418
0.405 0.1 0.0755783 0.131193
0.41 0.32 0.27858 0.364467
0.415 0.644444 0.599165 0.687278
0.42 0.877778 0.844277 0.904884
0.425 0.966667 0.945736 0.979697
END
set title "tipping-torus" font ',12' textcolor rgb '#222222'
unset object
unset arrow
unset label
set yrange [0:1]
set key top left samplen 1 font ',11'
set xtics (0.4, 0.415, 0.425)
set label '0.4131 [0.4121, 0.4142]' at graph 0.98, graph 0.05 right font ',10'
set object rectangle from first 0.412108783, graph 0 to first 0.414157406, graph 1 fillcolor rgb '#eeeeee' fillstyle solid noborder behind
set arrow from first 0.4122, graph 0 to first 0.4122, graph 1 nohead dashtype 2 linecolor rgb '#d55e00'
plot $c4_0 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#56b4e9' title '64', $c4_1 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#0072b2' title '256', $c4_2 using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb '#222222' title '1024'
unset multiplot
