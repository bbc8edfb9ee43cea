using CsCheck;
using Parcae.Liveput.Planning;

namespace Parcae.Liveput.Tests.Planning;

public sealed class AssignmentTests
{
    [Fact]
    public void No_permutation_is_cheaper() =>
        Gen.Int[1, 5].SelectMany(rows => Gen.Int[rows, 6].SelectMany(columns => Gen.Double[-10, 10].Array[rows * columns].Select(v => (rows, columns, v)))).Sample(
            sample =>
            {
                var (rows, columns, values) = sample;
                var cost = Matrix(rows, columns, values);
                var columnOf = Assignment.Solve(cost);
                Assert.Equal(rows, columnOf.Distinct().Count());
                Assert.Equal(Cheapest(cost, 0, 0), Enumerable.Range(0, rows).Sum(r => cost[r, columnOf[r]]), 1e-9);
            },
            iter: 500);

    [Fact]
    public void Equal_costs_are_assigned_and_always_the_same_way() =>
        Gen.Int[0, 2].Array[20].Sample(
            values =>
            {
                var cost = Matrix(4, 5, Array.ConvertAll(values, v => (double)v));
                var first = Assignment.Solve(cost);
                Assert.Equal(first, Assignment.Solve(cost));
                Assert.Equal(Cheapest(cost, 0, 0), Enumerable.Range(0, 4).Sum(r => cost[r, first[r]]), 1e-9);
            },
            iter: 200);

    [Fact]
    public void Who_holds_the_layers_keeps_them()
    {
        double[,] bytes = { { 0, 9e9, 9e9 }, { 9e9, 9e9, 0 } };
        Assert.Equal([0, 2], Assignment.Solve(bytes));
    }

    [Fact]
    public void No_places_need_no_instances() => Assert.Empty(Assignment.Solve(new double[0, 3]));

    [Fact]
    public void More_places_than_instances_are_refused() =>
        Assert.Contains("2 places", Assert.Throws<ArgumentException>(() => Assignment.Solve(new double[2, 1])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Costs_that_are_no_numbers_are_refused(double cost) => Assert.Throws<ArgumentException>(() => Assignment.Solve(new[,] { { cost } }));

    private static double[,] Matrix(int rows, int columns, double[] values)
    {
        var matrix = new double[rows, columns];
        for (int i = 0; i < values.Length; i++) matrix[i / columns, i % columns] = values[i];
        return matrix;
    }

    private static double Cheapest(double[,] cost, int row, int used)
    {
        if (row == cost.GetLength(0)) return 0;
        double best = double.PositiveInfinity;
        for (int column = 0; column < cost.GetLength(1); column++)
        {
            if ((used >> column & 1) == 0) best = Math.Min(best, cost[row, column] + Cheapest(cost, row + 1, used | 1 << column));
        }

        return best;
    }
}
