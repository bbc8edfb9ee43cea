using System.Numerics;

namespace Parcae.Liveput.Preemption;

/// <summary>The distribution of the worst stage's losses where draws from zones couple the stages.</summary>
/// <remarks>
/// Each draw is a variable of the generating function, scaled so that all coefficients are probabilities. Coefficients are read off by a discrete Fourier transform: the function is evaluated
/// on a grid of points on unit circles, one circle for each draw. There it is a product over the stages, equal stages being a power, and one evaluation serves
/// every bound a at once: sums over the losses of a stage up to a are prefix sums. Terms are at most 1, so that the error is about 1e-16 over the chance of the draws.
/// </remarks>
internal sealed class CoupledZones
{
    private const double MostOperations = 2e11;
    private const double Negligible = 1e-17;

    private readonly ZoneLayout _layout;
    private readonly ZoneDraw[] _draws;
    private readonly (int Stage, int Count)[] _kinds;
    private readonly double[][][][] _zoneLosses;
    private readonly Complex[][][] _partial;
    private readonly double[] _sums;
    private int _first;
    private int _last;

    public CoupledZones(ZoneLayout layout, ZoneDraw[] draws)
    {
        (_layout, _draws) = (layout, draws);

        // Stages with the same replicas in every zone are of a kind; the order of stages does not matter.
        _kinds = [.. Enumerable.Range(0, layout.Depth)
            .GroupBy(s => string.Join(' ', Enumerable.Range(0, layout.Zones).Select(z => layout.Replicas(z, s))), StringComparer.Ordinal)
            .Select(g => (g.First(), g.Count()))];
        double points = draws.Aggregate(1.0, (product, draw) => product * draw.Points);
        double operations = points * _kinds.Length * layout.Pipelines * (layout.Pipelines + 20);
        if (operations > MostOperations)
        {
            throw new ArgumentException(
                $"An exact answer for {layout.Zones} zones with {layout.TotalInstances} instances takes about {operations:0.0e0} operations; it must be at most {MostOperations:0e0}. Take zones together, or losses over all zones.",
                nameof(layout));
        }

        // For each draw, zone of it and kind: the chance of each number of replicas lost there.
        _zoneLosses = [.. draws.Select(draw => Enumerable.Range(0, draw.Zones.Length)
            .Select(i => _kinds.Select(kind => LossPolynomial.Binomial(layout.Replicas(draw.Zones[i], kind.Stage), draw.Chance(i)).Coefficients(layout.Replicas(draw.Zones[i], kind.Stage))).ToArray()).ToArray())];
        _partial = new Complex[draws.Length + 1][][];
        _partial[0] = [.. _kinds.Select(_ => new[] { Complex.One })];
        _sums = new double[layout.Pipelines + 1];
    }

    /// <summary>The chance of each number of replicas that the worst stage keeps, <c>[0 .. D]</c>.</summary>
    /// <param name="stageLosses">The chance of each number that a stage loses by itself, <c>[stage][0 .. D]</c>.</param>
    public double[] SurvivingPipelines(double[][] stageLosses)
    {
        Bound(stageLosses);
        Visit(0, Complex.One);
        double scale = 1;
        foreach (var draw in _draws) scale /= draw.Points * draw.ChanceOfLost;
        var chances = new double[_layout.Pipelines + 1];
        double below = 0;
        for (int allowed = _first; allowed <= _last; allowed++)
        {
            double atMost = allowed == _last ? 1 : Math.Clamp(_sums[allowed] * scale, below, 1);
            chances[_layout.Pipelines - allowed] = atMost - below;
            below = atMost;
        }

        return chances;
    }

    /// <summary>Bounds that leave out less than 1e-17: losses are negatively associated, within a draw and between draws.</summary>
    private void Bound(double[][] stageLosses)
    {
        var all = new double[_layout.Pipelines + 1];
        var more = new double[_layout.Pipelines + 1];
        Array.Fill(all, 1);
        foreach (var (stage, count) in _kinds)
        {
            double sum = 0;
            for (int j = 0; j < all.Length; j++) all[j] *= Math.Pow(Math.Min(1, sum += stageLosses[stage][j]), count);
            sum = 0;
            for (int j = all.Length - 1; j > 0; j--) more[j - 1] += count * (sum += stageLosses[stage][j]);
        }

        _first = Array.FindIndex(all, chance => chance >= Negligible);
        _last = Math.Max(_first, Array.FindIndex(more, chance => chance < Negligible));
    }

    /// <summary>Adds up the function over the circles of the draws from <paramref name="index"/> on.</summary>
    private void Visit(int index, Complex factor)
    {
        if (index == _draws.Length)
        {
            Add(factor);
            return;
        }

        var draw = _draws[index];
        var roots = new Complex[draw.Points];
        for (int i = 0; i < roots.Length; i++) roots[i] = Complex.FromPolarCoordinates(1, 2 * Math.PI * i / roots.Length);

        // The function is conjugate at conjugate points: half of the first circle is enough.
        int end = index == 0 ? (draw.Points / 2) + 1 : draw.Points;
        for (int point = 0; point < end; point++)
        {
            double weight = index > 0 || point == 0 || 2 * point == draw.Points ? 1 : 2;
            var here = factor * weight * Complex.Conjugate(roots[(int)((long)point * draw.Lost % draw.Points)]);
            for (int i = 0; i < draw.Zones.Length; i++) here *= Power(1 - draw.Chance(i) + (draw.Chance(i) * roots[point]), _layout.Spares(draw.Zones[i]));
            _partial[index + 1] = [.. _kinds.Select((_, k) => Extended(_partial[index][k], index, k, roots, point))];
            Visit(index + 1, here);
        }
    }

    /// <summary>The losses of a stage, by their number, with those of a draw's zones on top.</summary>
    private Complex[] Extended(Complex[] losses, int draw, int kind, Complex[] roots, int point)
    {
        foreach (double[][] zone in _zoneLosses[draw])
        {
            double[] chances = zone[kind];
            if (chances.Length == 1) continue;
            var extended = new Complex[losses.Length + chances.Length - 1];
            for (int j = 0; j < chances.Length; j++)
            {
                if (chances[j] == 0) continue;
                var one = chances[j] * roots[(int)((long)point * j % roots.Length)];
                for (int k = 0; k < losses.Length; k++) extended[j + k] += one * losses[k];
            }

            losses = extended;
        }

        return losses;
    }

    private void Add(Complex factor)
    {
        var products = new Complex[_last - _first];
        Array.Fill(products, factor);
        for (int kind = 0; kind < _kinds.Length; kind++)
        {
            var losses = _partial[^1][kind];
            var sum = Complex.Zero;
            for (int j = 0; j < _last; j++)
            {
                if (j < losses.Length) sum += losses[j];
                if (j >= _first) products[j - _first] *= Power(sum, _kinds[kind].Count);
            }
        }

        for (int i = 0; i < products.Length; i++) _sums[_first + i] += products[i].Real;
    }

    private static Complex Power(Complex value, int exponent)
    {
        var power = Complex.One;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0) power *= value;
            value *= value;
        }

        return power;
    }
}
