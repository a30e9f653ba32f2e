# Made by `iolaus study figures`; gnuplot draws it again.
set terminal svg size 860,360 font 'Helvetica,13' background '#ffffff' noenhanced
set output 'descent-tipping-descent.svg'
set title "" textcolor rgb '#222222'
unset key
set border 3 linecolor rgb '#888888'
set tics nomirror scale 0.5 textcolor rgb '#222222'
$g0 << END
0.4 0.427 0.380975 0.478075 0.425 0.124649 0.595851 1 0.996173 1
0.6 0.573 0.509975 0.63005 0.575 0.421793 0.679088 1 0.996173 1
0.8 0.809 0.73295 0.876 0.771583 0.713668 0.825778 1 0.996173 1
0.9 0.855 0.774975 0.940075 0.878119 0.829859 0.917295 0.998 0.992737 0.999451
1 1.008 0.916925 1.10212 0.994888 0.960672 1.02777 0.973 0.961001 0.981379
1.1 1.06 0.973975 1.14212 1.05547 1.02525 1.08116 0.927 0.909191 0.941541
1.2 1.289 1.18485 1.39702 1.11612 1.10057 1.13384 0.83 0.805466 0.852008
1.4 1.28 1.16395 1.38602 1.21001 1.19859 1.22268 0.72 0.69137 0.746946
END
$g1 << END
0.4 0.605 0.554975 0.670025 0.515625 0.292258 0.671485 1 0.996173 1
0.6 0.816 0.752 0.885025 0.706334 0.638304 0.762943 1 0.996173 1
0.8 1.058 0.983875 1.13807 0.861111 0.814367 0.901264 0.997 0.991217 0.998979
0.9 1.21 1.12095 1.2961 0.933764 0.901945 0.956433 0.976 0.964537 0.98382
1 1.274 1.19497 1.35705 1.01455 0.996536 1.03615 0.928 0.910288 0.942436
1.1 1.342 1.24795 1.44505 1.05642 1.03826 1.07384 0.823 0.798121 0.845407
1.2 1.487 1.387 1.58605 1.11304 1.09637 1.12611 0.747 0.719145 0.772964
1.4 1.658 1.55597 1.76105 1.22134 1.21048 1.23183 0.59 0.559228 0.620083
END
$g2 << END
0.4 0.628 0.568 0.692 0.627273 0.369537 0.725256 1 0.996173 1
0.6 0.916 0.837975 0.995025 0.725513 0.64212 0.791894 1 0.996173 1
0.8 1.134 1.05397 1.22005 0.889588 0.855363 0.922135 0.99 0.981691 0.994559
0.9 1.135 1.05195 1.22105 0.954742 0.925138 0.978115 0.962 0.948273 0.972191
1 1.422 1.33095 1.522 1.03482 1.01549 1.05323 0.854 0.83076 0.874531
1.1 1.44 1.34877 1.55005 1.09265 1.07924 1.10522 0.736 0.707814 0.76238
1.2 1.578 1.47497 1.685 1.12247 1.11059 1.13384 0.659 0.62906 0.687723
1.4 1.684 1.5769 1.7831 1.18408 1.17526 1.19217 0.523 0.492014 0.55381
END
$g3 << END
0.4 0.955 0.88595 1.03 0.675127 0.601769 0.734256 1 0.996173 1
0.6 1.304 1.227 1.39017 0.85718 0.828196 0.879254 0.995 0.988349 0.997862
0.8 1.603 1.50497 1.70502 0.984037 0.96728 0.998676 0.884 0.862667 0.902394
0.9 1.616 1.52695 1.70107 1.00898 0.997082 1.02161 0.759 0.731533 0.784485
1 1.78 1.68792 1.86912 1.04975 1.03934 1.0601 0.599 0.568301 0.628942
1.1 1.84 1.74092 1.93505 1.05939 1.05077 1.06804 0.496 0.465086 0.526945
1.2 1.938 1.83397 2.04305 1.08916 1.08122 1.0983 0.404 0.37401 0.434725
1.4 1.994 1.898 2.09805 1.10462 1.09706 1.11175 0.313 0.285021 0.34241
END
set multiplot layout 1,3 title "lives that one life brings about, and extinction" font ',14'
set xlabel 'rate'
set xtics 0.2
set yrange [0:2.2]
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor rgb '#888888'
set key top left samplen 1 font ',11'
set title "R0: the first lives" font ',12' textcolor rgb '#222222'
plot $g0 using 1:2:3:4 with yerrorlines linecolor rgb '#56b4e9' pointtype 7 pointsize 0.5 dashtype 1 title "complete", $g1 using 1:2:3:4 with yerrorlines linecolor rgb '#0072b2' pointtype 7 pointsize 0.5 dashtype 1 title "regular3", $g2 using 1:2:3:4 with yerrorlines linecolor rgb '#222222' pointtype 7 pointsize 0.5 dashtype 1 title "torus", $g3 using 1:2:3:4 with yerrorlines linecolor rgb '#d55e00' pointtype 7 pointsize 0.5 dashtype 1 title "ring"
set title "R5 to R10" font ',12' textcolor rgb '#222222'
plot $g0 using 1:5:6:7 with yerrorlines linecolor rgb '#56b4e9' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g1 using 1:5:6:7 with yerrorlines linecolor rgb '#0072b2' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g2 using 1:5:6:7 with yerrorlines linecolor rgb '#222222' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g3 using 1:5:6:7 with yerrorlines linecolor rgb '#d55e00' pointtype 7 pointsize 0.5 dashtype 1 notitle
set yrange [0:1.02]
unset arrow
set title "share of crews that died out" font ',12' textcolor rgb '#222222'
plot $g0 using 1:8:9:10 with yerrorlines linecolor rgb '#56b4e9' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g1 using 1:8:9:10 with yerrorlines linecolor rgb '#0072b2' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g2 using 1:8:9:10 with yerrorlines linecolor rgb '#222222' pointtype 7 pointsize 0.5 dashtype 1 notitle, $g3 using 1:8:9:10 with yerrorlines linecolor rgb '#d55e00' pointtype 7 pointsize 0.5 dashtype 1 notitle
unset multiplot
